import { isAbsolute, resolve } from "node:path";
import process from "node:process";
import { UsageError } from "../../base/errors.ts";
import type { Place } from "../../dialects/places.ts";
import type { Flag, ParsedArgs } from "../command.ts";
import { textFlag } from "../flag_values.ts";

/** Dialect → where it listens. */
export type Listen = Readonly<Record<string, readonly Place[]>>;

export const LISTEN_FLAG: Flag = {
  name: "listen",
  value: "DIALECT=PATH,…",
  description: "Speak other systems' wires at these sockets",
};

/** @throws {UsageError} */
export function listenFlag(args: ParsedArgs): Listen {
  const listen: Record<string, Place[]> = {};
  for (const pair of textFlag(args, "listen")?.split(",") ?? []) {
    const [, dialect, place] = /^([a-z-]+)(?:=(.+))?$/.exec(pair) ?? [];
    if (dialect === undefined) throw new UsageError(`--listen takes DIALECT=PATH, not "${pair}"`);
    (listen[dialect] ??= []).push(placeOf(place));
  }
  return listen;
}

/** A word without a separator is a channel's name; a relative path begins with a dot. */
function placeOf(place: string | undefined): Place {
  if (place === undefined) return true;
  // On Windows some clients make a pipe's name of a path, letter by letter.
  if (process.platform === "win32" && isAbsolute(place)) return place;
  return /[\\/]/.test(place) ? resolve(place) : place;
}

/** The flag's value again, for the command line of a daemon that is started. */
export function listenText(listen: Listen): string {
  return Object.entries(listen).flatMap(([dialect, paths]) =>
    paths.map((place) => place === true ? dialect : `${dialect}=${place}`)
  )
    .join(",");
}
