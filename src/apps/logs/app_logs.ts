import { errorMessage, UsageError } from "../../base/errors.ts";
import type { AppLogLine } from "../../protocol/methods/app_methods.ts";
import type { App } from "../app.ts";
import { instancesMeant } from "../app_registry.ts";
import { unknownInstance } from "../unknown_app.ts";
import { LOG_STREAMS, type LogStream } from "./log_files.ts";
import { readLog } from "./read_log.ts";

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

/**
 * The last lines of apps, oldest first where their times are known.
 *
 * @throws {UsageError} when `grep` is no pattern
 * @throws {HaftError} for an instance that its app does not have
 */
export async function readAppLogs(
  apps: readonly App[],
  query: LogsQuery,
  signal?: AbortSignal,
): Promise<AppLogLine[]> {
  if (query.lines === 0) return [];
  if (query.follow !== true) { for (const app of apps) requireInstances(app, query.names); }
  const grep = query.grep === undefined ? undefined : regularExpression(query.grep);
  const { lines: count, since } = query;
  const streams = LOG_STREAMS.filter((stream) => query.stream === undefined || query.stream === stream);
  // Where each ends is settled before the first is read.
  const logs = apps.flatMap(({ key: { name, root }, instances }) =>
    instances.filter(isMeant(name, query.names)).flatMap(({ instance, logs }) =>
      streams.map((stream) => ({
        source: { app: name, root, instance, stream },
        path: logs.paths[stream],
        rotations: () => logs.rotations(stream),
        until: query.follow === true ? logs.told(stream) : undefined,
      }))
    )
  );
  const lines: AppLogLine[] = [];
  for (const { source, path, rotations, until } of logs) {
    const found = await readLog(path, rotations, { lines: count, since, grep, until }, signal);
    for (const line of found) lines.push({ ...source, ...line });
  }
  // Stable: the lines of one stream keep their order.
  lines.sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  return lines.slice(-count);
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

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`"${text}" is no regular expression: ${errorMessage(error)}`);
  }
}
