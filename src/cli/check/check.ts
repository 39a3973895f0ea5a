import { statSync } from "node:fs";
import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { MANIFEST_NAME } from "../../tools/project/manifests.ts";
import { cellText } from "../../ui/terminal_text.ts";
import { counted } from "../../ui/text.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";
import { checkManifestFile, type ManifestCounts } from "../../check/manifest_problems.ts";
import { nearestManifest, problemLines } from "./problem_lines.ts";

export interface CheckOptions {
  /** A haft.toml, or a directory; the working directory when undefined. */
  path: string | undefined;
  json: boolean;
}

export const command: Command<CheckOptions> = {
  usage: ["[PATH]"],
  flags: [{ ...JSON_FLAG, description: "Print JSON: [{file, line, column, key, message, next, frame}]" }],
  examples: ["haft check", "haft check packages/web/haft.toml --json"],
  completes: "files",
  readOnly: true,
  parse,
  run,
};

function parse({ positional, rest, flags }: ParsedArgs): CheckOptions {
  const [path, ...extra] = [...positional, ...rest];
  noFurther(extra, "Name one haft.toml at a time");
  return { path, json: flags.has("json") };
}

async function run({ path, json }: CheckOptions, context: Context): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const file = manifestAt(path, cwd);
  const { problems, counts } = checkManifestFile(file, context);
  if (json) await stdout.write(`${JSON.stringify(problems, null, 2)}\n`);
  else if (problems.length === 0) await stdout.write(`${cellText(file)} is valid${countsText(counts)}\n`);
  else {
    await stdout.write(problems.map((problem) => problemLines(problem, cwd)).join(""));
    await stderr.write(`${counted(problems.length, "problem")} in ${cellText(file)}\n`);
  }
  return problems.length === 0 ? ExitCode.ok : ExitCode.failed;
}

/** @throws {HaftError} when there is none */
function manifestAt(path: string | undefined, cwd: string): string {
  const asked = resolve(cwd, path ?? ".");
  const stat = statSync(asked, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`"${path}" does not exist`);
  if (stat.isFile()) return asked;
  const found = nearestManifest(asked);
  if (found !== undefined) return found;
  throw new HaftError(`No ${MANIFEST_NAME} in "${asked}" or above it`, {
    next: 'Run "haft init" to make one',
  });
}

function countsText({ tools, apps, tasks, backends }: ManifestCounts): string {
  const parts = ([[tools, "tool"], [apps, "app"], [tasks, "task"], [backends, "backend"]] as const)
    .filter(([count]) => count > 0).map(([count, noun]) => counted(count, noun));
  return parts.length === 0 ? "" : `: ${parts.join(", ")}`;
}
