import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { runtime } from "../../runtime/mod.ts";
import { belongings, foreignEntries, sizeOf } from "../../self/belongings.ts";
import { ownerOf } from "../../self/owner.ts";
import { formatBytes } from "../../ui/units.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { serviceFor } from "../daemon/service.ts";
import { daemonSocket } from "../daemon/endpoint.ts";
import { stopAt } from "../daemon/stop.ts";
import { JSON_FLAG, noFurther } from "../flag_values.ts";
import { ownExecutable } from "./own_executable.ts";

export interface UninstallSelfOptions {
  /** Remove without asking. */
  yes: boolean;
  /** Show what would be removed, and stop. */
  dryRun: boolean;
  keepConfig: boolean;
  json: boolean;
}

export const command: Command<UninstallSelfOptions> = {
  usage: [""],
  flags: [
    { name: "yes", short: "y", description: "Remove without asking" },
    { name: "dry-run", description: "Show what would be removed" },
    { name: "keep-config", description: "Leave your config.toml" },
    { ...JSON_FLAG, description: "Print JSON: [{what, path, bytes}]" },
  ],
  examples: ["haft self uninstall --dry-run", "haft self uninstall --yes"],
  parse,
  run,
};

function parse(args: ParsedArgs): UninstallSelfOptions {
  noFurther([...args.positional, ...args.rest]);
  return {
    yes: args.flags.has("yes"),
    dryRun: args.flags.has("dry-run"),
    keepConfig: args.flags.has("keep-config"),
    json: args.flags.has("json"),
  };
}

async function run(options: UninstallSelfOptions, context: Context): Promise<ExitCode> {
  const { stdout, stderr, paths } = context;
  const executable = ownExecutable();
  requireOwnDirectories(executable, context);
  const owner = ownerOf(executable);
  const service = serviceFor(context, runtime.selfCommand()).path;
  const all = [
    ...owner.kind === "self" ? [{ what: "executable", path: executable, bytes: sizeOf(executable) }] : [],
    ...belongings(paths, { config: !options.keepConfig }),
    ...existsSync(service) ? [{ what: "service", path: service, bytes: sizeOf(service) }] : [],
  ];
  if (options.json) await stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  else {
    for (const { what, path, bytes } of all) {
      await stdout.write(`${formatBytes(bytes).padStart(9)}  ${what.padEnd(25)} ${path}\n`);
    }
  }
  if (options.dryRun) return ExitCode.ok;
  if (!options.yes && !await agrees(context)) return ExitCode.failed;

  await stopAt(await daemonSocket(undefined, context), { keepApps: false }, context);
  for (const { path } of all) rmSync(path, { recursive: true, force: true });
  await stderr.write("haft is removed; haft.toml and haft.lock in your projects are as they were\n");
  if (owner.kind !== "self") await stderr.write(`Run "${owner.remove}" to remove the executable, too\n`);
  for (const file of activatingFiles(context)) {
    await stderr.write(`Remove the line with "haft activate" from ${file}\n`);
  }
  return ExitCode.ok;
}

/** @throws {HaftError} when a directory that would be removed holds what is not haft's */
function requireOwnDirectories(executable: string, { paths }: Context): void {
  const { directory, names: [first, ...others] } = foreignEntries(paths, executable);
  if (first === undefined) return;
  const more = others.length === 0
    ? ""
    : others.length === 1
    ? ` and "${others[0]}"`
    : ` and ${others.length} more`;
  throw new HaftError(`HAFT_HOME, "${resolve(directory)}", holds what is not haft's: "${first}"${more}`, {
    next:
      "Nothing was removed. Move it elsewhere, or remove haft's own parts by hand: store, shims, leads, locks, " +
      "cache, state and config",
  });
}

/** @throws {UsageError} where nobody can answer */
async function agrees(context: Context): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const { stdin } = await import("node:process");
  if (!stdin.isTTY || !context.stderr.isTTY) {
    throw new UsageError("There is no terminal to ask on", { next: "Add --yes to remove all of this" });
  }
  await context.stderr.write("The daemon stops, with its apps and tasks. Remove all of this? [y/N] ");
  const reader = createInterface({ input: stdin });
  try {
    const answer = await reader.question("", { signal: context.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

/** Start-up files of shells that put haft's shims on PATH. */
function activatingFiles({ home }: Context): string[] {
  const names = [".bashrc", ".bash_profile", ".profile", ".zshrc", ".config/fish/config.fish"];
  return names.map((name) => join(home, name)).filter((path) => {
    try {
      return readFileSync(path, "utf8").includes("haft activate");
    } catch {
      return false;
    }
  });
}
