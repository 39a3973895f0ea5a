import { join } from "node:path";
import type { AppInstance } from "./app_instance.ts";
import type { AppServices } from "./app_services.ts";
import { treeWriters } from "./logs/hold_writers.ts";
import { InstanceLogs, type LogStream } from "./logs/instance_logs.ts";
import type { SplitLine } from "./logs/line_splitter.ts";

const DEFAULTS = { maxSize: 10 * 1024 * 1024, keep: 5 };

export interface InstanceLogsOptions {
  /** The app's name, for the daemon's log. */
  name: string;
  /** What the names of its files begin with. */
  base: string;
  instance: () => AppInstance;
  onLine: (stream: LogStream, line: SplitLine) => void;
  onSkip: (stream: LogStream, bytes: number) => void;
}

/** The logs of one instance, by the settings that it was started with. */
export function makeInstanceLogs(
  { table, clock, logDirectory, onProblem }: AppServices,
  { name, base, instance, onLine, onSkip }: InstanceLogsOptions,
): InstanceLogs {
  return new InstanceLogs({
    base: join(logDirectory, base),
    clock,
    settings: () => {
      const log = instance().config?.log;
      return { maxSize: log?.max_size ?? DEFAULTS.maxSize, keep: log?.keep ?? DEFAULTS.keep };
    },
    writers: treeWriters({ table, clock }, () => instance().tree),
    onLine,
    onSkip,
    onProblem: (text) => onProblem(`app "${name}": ${text}`),
  });
}
