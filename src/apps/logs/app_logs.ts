import { existsSync } from "node:fs";
import { compilePattern } from "../../base/pattern.ts";
import type { AppLogLine } from "../../protocol/methods/app_methods.ts";
import type { App } from "../app.ts";
import { instancesMeant } from "../app_registry.ts";
import { unknownInstance } from "../unknown_app.ts";
import { LOG_STREAMS, type LogStream, rotatedPath } from "./log_files.ts";
import { mergeLines } from "./merge_lines.ts";
import { readLog, readLogNow } from "./read_log.ts";
import type { LogPosition, LogQuery, StoredLine } from "./search_log.ts";

export interface LogsQuery {
  /** Apps, and single instances of apps: `web:1`. */
  names?: readonly string[] | undefined;
  lines: number;
  /** Milliseconds since 1970. */
  since?: number | undefined;
  /** A regular expression. */
  grep?: string | undefined;
  stream?: LogStream | undefined;
  /** Only lines that were events already: what is written after them comes as events. */
  follow?: boolean | undefined;
}

/** One stream of an instance. */
interface Log {
  source: Pick<AppLogLine, "app" | "root" | "instance" | "stream">;
  path: string;
  rotations: () => number;
  /** Reads what is new, and gives the end of what was handed on. */
  told: () => LogPosition;
}

/** What was found in a log so far, and where the search ended. */
interface Found {
  lines: StoredLine[];
  until: LogPosition;
}

/** What a log grew by while it was searched is searched in turns again, so often at most. */
const MOST_PASSES = 5;

/** Bytes that are searched at once. */
const SHORT = 128 * 1024;

/**
 * The last lines of apps, oldest first; the lines of one stream are in the order of their writing.
 *
 * @param select gives the apps; once more after a search of what is followed, which may be others by then
 * @throws {UsageError} when `grep` is no pattern
 * @throws {HaftError} for an instance that its app does not have
 */
export async function readAppLogs(
  select: () => readonly App[],
  query: LogsQuery,
  signal?: AbortSignal,
): Promise<AppLogLine[]> {
  if (query.lines === 0) return [];
  const grep = query.grep === undefined ? undefined : await compilePattern(query.grep);
  const wanted = { lines: query.lines, since: query.since, grep };
  const streams = query.follow === true
    ? await searchTold(() => logsOf(select(), query), wanted, signal)
    : await searchWritten(select(), query, wanted, signal);
  return mergeLines(streams, (source, line): AppLogLine => ({ ...source, ...line })).slice(-query.lines);
}

type Wanted = Pick<LogQuery, "lines" | "since" | "grep">;

/** All that was written, whether it was an event already or not. */
async function searchWritten(
  apps: readonly App[],
  query: LogsQuery,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<[Log["source"], StoredLine[]][]> {
  for (const app of apps) requireInstances(app, query.names);
  const streams: [Log["source"], StoredLine[]][] = [];
  for (const { source, path, rotations, told } of logsOf(apps, query)) {
    // What is new has a time from here on.
    told();
    streams.push([source, await readLog(path, rotations, wanted, signal)]);
  }
  return streams;
}

/**
 * Lines up to where events begin: none may be told between the last search and the answer. So what takes long
 * is searched in turns, and only what was told meanwhile at once.
 */
async function searchTold(
  logs: () => Log[],
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<[Log["source"], StoredLine[]][]> {
  const known = new Map<string, Found>();
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const grown = logs().filter((log) => isLong(log, known.get(log.path)?.until));
    if (grown.length === 0) break;
    for (const log of grown) {
      const before = known.get(log.path);
      const until = log.told();
      const found = await readLog(log.path, log.rotations, { ...wanted, from: before?.until, until }, signal);
      known.set(log.path, { lines: [...before?.lines ?? [], ...found].slice(-wanted.lines), until });
    }
  }
  const present = logs().map((log) => ({ ...log, until: log.told() }));
  return present.map(({ source, path, rotations, until }) => {
    const before = known.get(path);
    const found = readLogNow(path, rotations, { ...wanted, from: before?.until, until });
    return [source, [...before?.lines ?? [], ...found].slice(-wanted.lines)];
  });
}

/** Whether much of a log is not searched yet. */
function isLong({ path, told }: Log, from: LogPosition | undefined): boolean {
  const until = told();
  if (from?.rotations === until.rotations) return until.offset - from.offset > SHORT;
  return from !== undefined || until.offset > SHORT || existsSync(rotatedPath(path, 1));
}

function logsOf(apps: readonly App[], { names, stream: only }: LogsQuery): Log[] {
  const streams = LOG_STREAMS.filter((stream) => only === undefined || only === stream);
  return apps.flatMap(({ key: { name, root }, instances }) =>
    instances.filter(isMeant(name, names)).flatMap(({ instance, logs }) =>
      streams.map((stream) => ({
        source: { app: name, root, instance, stream },
        path: logs.paths[stream],
        rotations: () => logs.rotations(stream),
        told: () => logs.told(stream),
      }))
    )
  );
}

/** One that is followed may be yet to come. */
function requireInstances({ name, instances }: App, names: readonly string[] | undefined): void {
  const numbers = instances.map(({ instance }) => instance);
  const missing = instancesMeant(name, names)?.find((number) => !numbers.includes(number));
  if (missing !== undefined) throw unknownInstance(name, missing, numbers);
}

function isMeant(app: string, names: readonly string[] | undefined): (one: { instance: number }) => boolean {
  const only = instancesMeant(app, names);
  return ({ instance }) => only === undefined || only.includes(instance);
}
