import { dirname, relative, resolve } from "node:path";
import { statSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { openProject } from "../tools/project/project.ts";
import { cellText } from "../ui/terminal_text.ts";
import { gatedSections } from "../tools/trust/gated_words.ts";
import type { GatedParts } from "../tools/trust/trust_store.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { projectOrOwn } from "./project_place.ts";

export interface TrustOptions {
  action: "trust" | "show" | "revoke" | "list";
  /**
   * A manifest, another program's file of tasks, or a directory of the project; the current directory when
   * undefined.
   */
  path: string | undefined;
  json: boolean;
}

export const command: Command<TrustOptions> = {
  usage: ["[PATH]", "--list"],
  flags: [
    { name: "show", description: "Show what would be trusted, and whether it is" },
    { name: "revoke", description: "Trust it no longer" },
    { name: "list", description: "List the manifests that are trusted" },
    { name: "json", description: "Print JSON: {path, trusted, parts}, or a list of paths" },
  ],
  completes: "files",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): TrustOptions {
  const [path, extra] = [...positional, ...rest];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: "Name one project at a time" });
  }
  const chosen = (["show", "revoke", "list"] as const).filter((name) => flags.has(name));
  if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} exclude each other`);
  return { action: chosen[0] ?? "trust", path, json: flags.has("json") };
}

async function run({ action, path, json }: TrustOptions, context: Context): Promise<ExitCode> {
  const at = { ...context, cwd: projectDirectory(path, context.cwd) };
  const project = action === "list" ? projectOrOwn(at) : openProject(at.cwd, context);
  const store = project.trust;
  if (action === "list") {
    const { paths } = store;
    await context.stdout.write(
      json ? `${JSON.stringify(paths, null, 2)}\n` : paths.map((one) => `${cellText(one)}\n`).join(""),
    );
    return ExitCode.ok;
  }
  const foreign = await ofAnotherProgram(path, context);
  const gated = foreign ?? project.gated;
  if (Object.keys(gated.parts).length === 0) project.requireManifest(await foreignStep(project.cwd));
  if (action === "trust") store.trust(gated);
  if (action === "revoke") store.revoke(gated.path);
  const trusted = store.isTrusted(gated);
  if (json) {
    await context.stdout.write(
      `${JSON.stringify({ path: gated.path, trusted, parts: gated.parts }, null, 2)}\n`,
    );
    return ExitCode.ok;
  }
  const sections = gatedSections(gated);
  const state = sections === ""
    ? "has nothing that can run code"
    : `${trusted ? "is trusted" : "is not trusted"}: ${sections}`;
  await context.stdout.write(`${cellText(gated.path)} ${state}\n`);
  if (action !== "revoke" && foreign === undefined && project.files.manifestPath !== undefined) {
    const { warnOfProblems } = await import("./check/problem_lines.ts");
    await warnOfProblems(project.files.manifestPath, context);
  }
  if (action === "trust" || action === "show") {
    const { describeChange, describeParts } = await import("../tools/trust/describe_parts.ts");
    const before = trusted ? undefined : store.lastTrusted(gated);
    const changes = before === undefined ? [] : describeChange(before, gated.parts);
    const lines = [
      ...describeParts(gated.parts).map((line) => `  ${line}`),
      ...(changes.length === 0
        ? []
        : ["Changed since it was trusted:", ...changes.map((line) => `  ${line}`)]),
    ];
    await context.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }
  return ExitCode.ok;
}

/** What a package.json, mise.toml, justfile or Taskfile can run, where the path names one. */
async function ofAnotherProgram(
  path: string | undefined,
  { cwd }: Context,
): Promise<GatedParts | undefined> {
  const file = path === undefined ? undefined : resolve(cwd, path);
  if (file === undefined || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const { gatedFile } = await import("../tasks/foreign/foreign_sources.ts");
  return gatedFile(file);
}

/** The command that trusts the files of other programs' tasks in a directory without a haft.toml. */
async function foreignStep(directory: string): Promise<{ next?: string }> {
  const { foreignFiles } = await import("../tasks/foreign/foreign_sources.ts");
  const commands = foreignFiles(directory).filter(({ tasks }) => tasks.length > 0)
    .map(({ file }) => `"haft trust ${relative(directory, file)}"`);
  return commands.length === 0 ? {} : { next: `Run ${commands.join(" and ")} there for its tasks` };
}

function projectDirectory(path: string | undefined, cwd: string): string {
  if (path === undefined) return cwd;
  const absolute = resolve(cwd, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`"${path}" does not exist`);
  return stat.isDirectory() ? absolute : dirname(absolute);
}
