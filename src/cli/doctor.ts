import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { createStyle } from "../ui/style.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { daemonSocket, SOCKET_FLAG, socketFlag, usualSocket } from "./daemon/endpoint.ts";
import { faultOf, type Finding } from "./doctor/finding.ts";

export interface DoctorOptions {
  json: boolean;
  socket: string | undefined;
}

export const command: Command<DoctorOptions> = {
  usage: [""],
  flags: [
    { name: "json", description: "Print JSON: [{check, state, detail, fix}]" },
    SOCKET_FLAG,
  ],
  readOnly: true,
  parse,
  run,
};

function parse(args: ParsedArgs): DoctorOptions {
  const [extra] = [...args.positional, ...args.rest];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  return { json: args.flags.has("json"), socket: socketFlag(args) };
}

/** Changes nothing, starts nothing, and needs no network. */
async function run({ json, socket }: DoctorOptions, context: Context): Promise<ExitCode> {
  const { examineDaemon } = await import("./doctor/daemon_checks.ts");
  const { examineProject } = await import("./doctor/project_checks.ts");
  const { examineShims } = await import("./doctor/shim_checks.ts");
  const all = [
    ...await examined("project", () => examineProject(context)),
    ...await examined("shims", () => examineShims(context)),
    ...await examined("daemon", async () => await examineDaemon(await endpoint(socket, context), context)),
  ];
  const findings = distinct(all);
  if (json) await context.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else await context.stdout.write(findings.map((finding) => line(finding, context)).join(""));
  return findings.some(({ state }) => state === "fault") ? ExitCode.failed : ExitCode.ok;
}

/** What is wrong with one file keeps several looks from their work, and is told once. */
function distinct(findings: readonly Finding[]): Finding[] {
  const isSame = (one: Finding, other: Finding) =>
    one.state === "fault" && other.state === "fault" && one.detail === other.detail;
  return findings.filter((finding, at) =>
    findings.findIndex((other) => isSame(other, finding)) >= at ||
    finding.state !== "fault"
  );
}

/** A look that fails is a finding, and the others go on. */
async function examined(check: string, look: () => Finding[] | Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [faultOf(check, error)];
  }
}

/** The usual socket where the settings cannot be read, which is a finding, too. */
async function endpoint(socket: string | undefined, context: Context): Promise<string> {
  try {
    return await daemonSocket(socket, context);
  } catch {
    return usualSocket(context);
  }
}

const MARKS = { ok: "✓", note: "·", fault: "✗" } as const;
const COLORS = { ok: "green", note: "dim", fault: "red" } as const;

function line({ check, state, detail, fix }: Finding, { stdout }: Context): string {
  const mark = createStyle(stdout.color)[COLORS[state]](MARKS[state]);
  return `${mark} ${check}: ${detail}\n${
    fix === null ? "" : `${fix.split("\n").map((text) => `  ${text}\n`).join("")}`
  }`;
}
