import { UsageError } from "../../base/errors.ts";
import { isDirectoryThere, parseHostSelection } from "../../tools/manifest/host_selector.ts";
import type { CommandEntry } from "../command.ts";
import { findCommand } from "../find_command.ts";

/** Which hosts a command is for, and where on them. */
export interface HostSelector {
  kind: "names" | "labels" | "all";
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** A directory there, `~/…` below the home of its user; undefined for the one of the same path as here. */
  directory: string | undefined;
}

/** The same command line with `--host` behind the command's name, where commands have their flags. */
export async function withHostBehind(
  args: readonly string[],
  commands: readonly CommandEntry[],
): Promise<string[]> {
  const [first = "", ...rest] = args;
  const value = first === "--host" ? rest.shift() : first.slice("--host=".length);
  if (value === undefined || value === "") throw new UsageError("--host needs a value", { next: SYNTAX });
  const found = await findCommand(rest, commands);
  if (found.kind === "group") return rest;
  const name = rest.slice(0, rest.length - found.args.length);
  if (!found.command.flags.some((flag) => flag.name === "host")) {
    throw new UsageError(`"haft ${found.path}" works on this machine alone, without --host`, {
      next: INSTEAD[found.path] ?? "Commands that ask a daemon take it: app, task, ipc-send, daemon status",
    });
  }
  return [...name, "--host", value, ...found.args];
}

const INSTEAD: Readonly<Record<string, string>> = {
  "app top": 'Run "haft --host HOST app status", or "haft --host HOST app logs -f"',
  "app up": 'Run "haft --host HOST app start"',
  "app down": 'Run "haft --host HOST app stop"',
  "task run": 'Run "haft --host HOST task start NAME", then "haft --host HOST task logs -f ID"',
  "sync": 'Run "haft fleet sync --on HOST"',
};

const SYNTAX =
  "Write --host web1, --host web1,web2, --host role=web or --host '*'; a directory follows a colon";

/** @throws {UsageError} */
export function parseHostSelector(text: string): HostSelector {
  const [, directory] = /:(.*)$/s.exec(text) ?? [];
  if (directory !== undefined && !isDirectoryThere(directory)) {
    throw new UsageError(`"${directory}" is no directory of another host: it begins with / or ~/`, {
      next: SYNTAX,
    });
  }
  const selection = parseHostSelection(text);
  if (selection === undefined) throw new UsageError(`--host: "${text}" names no hosts`, { next: SYNTAX });
  const { names, labels } = selection;
  const kind = names.length > 0 ? "names" : Object.keys(labels).length > 0 ? "labels" : "all";
  return { kind, names, labels, directory };
}
