import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { Flag, ParsedArgs } from "../command.ts";
import { textFlag } from "../flag_values.ts";

/** Dialect → paths of its endpoints. */
export type Listen = Readonly<Record<string, readonly string[]>>;

export const LISTEN_FLAG: Flag = {
  name: "listen",
  value: "DIALECT=PATH,…",
  description: "Speak other systems' wires at these sockets",
};

/** @throws {UsageError} */
export function listenFlag(args: ParsedArgs): Listen {
  const listen: Record<string, string[]> = {};
  for (const pair of textFlag(args, "listen")?.split(",") ?? []) {
    const [, dialect, path] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
    if (dialect === undefined || path === undefined) {
      throw new UsageError(`--listen takes DIALECT=PATH, not "${pair}"`);
    }
    (listen[dialect] ??= []).push(resolve(path));
  }
  return listen;
}

/** The flag's value again, for the command line of a daemon that is started. */
export function listenText(listen: Listen): string {
  return Object.entries(listen).flatMap(([dialect, paths]) => paths.map((path) => `${dialect}=${path}`))
    .join(",");
}
