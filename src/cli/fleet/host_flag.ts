import { UsageError } from "../../base/errors.ts";
import type { CommandEntry } from "../command.ts";
import { findCommand } from "../find_command.ts";

/** Which hosts a command is for, and where on them. */
export interface HostSelector {
  kind: "names" | "labels" | "all";
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** A directory there; undefined for the one of the same path as here. */
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
      next: "Commands that ask a daemon take it: app, task, ipc-send, daemon status",
    });
  }
  return [...name, "--host", value, ...found.args];
}

const SYNTAX =
  "Write --host web1, --host web1,web2, --host role=web or --host '*'; a directory follows a colon";

/** @throws {UsageError} */
export function parseHostSelector(text: string): HostSelector {
  const colon = text.indexOf(":");
  const [who, directory] = colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
  if (directory !== undefined && !/^(\/|[A-Za-z]:[\\/])/.test(directory)) {
    throw new UsageError(`"${directory}" is not an absolute path`, { next: SYNTAX });
  }
  if (who === "*") return { kind: "all", names: [], labels: {}, directory };
  const parts = who.split(",");
  if (parts.every((part) => /^[a-z0-9][a-z0-9_-]*$/.test(part))) {
    return { kind: "names", names: [...new Set(parts)], labels: {}, directory };
  }
  const labels = parts.map((part) => /^([^=]+)=([^=]+)$/.exec(part));
  if (labels.some((label) => label === null)) {
    throw new UsageError(`--host: "${who}" names no hosts`, { next: SYNTAX });
  }
  return {
    kind: "labels",
    names: [],
    labels: Object.fromEntries(labels.map((label) => [label?.[1] ?? "", label?.[2] ?? ""])),
    directory,
  };
}
