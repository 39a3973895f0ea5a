import { join } from "node:path";
import type { AppInstance } from "./app_instance.ts";
import type { AppServices } from "./app_services.ts";
import type { ProcessKey } from "../process/process_key.ts";
import { LogCopier } from "./logs/log_copier.ts";
import { treeWriters } from "./logs/hold_writers.ts";
import { InstanceLogs } from "./logs/instance_logs.ts";
import type { LogStream } from "./logs/log_files.ts";
import type { SplitLine } from "./logs/line_splitter.ts";

const DEFAULTS = { maxSize: 10 * 1024 * 1024, keep: 5 };

export interface InstanceLogsOptions {
  /** Whose logs they are. */
  key: ProcessKey;
  /** What the names of its files begin with. */
  base: string;
  /** Of the instance. */
  number: number;
  instance: () => AppInstance;
  onLine: (stream: LogStream, line: SplitLine) => void;
  onSkip: (stream: LogStream, bytes: number) => void;
}

/** The logs of one instance, by the settings that it was started with. */
export function makeInstanceLogs(
  { table, clock, logDirectory, logFiles, onProblem }: AppServices,
  { key: { name, root }, base, number, instance, onLine, onSkip }: InstanceLogsOptions,
): InstanceLogs {
  const settings = () => {
    const { max_size, keep, format = "text", timestamps = false } = instance().config?.log ?? {};
    return { maxSize: max_size ?? DEFAULTS.maxSize, keep: keep ?? DEFAULTS.keep, format, timestamps };
  };
  const copier = new LogCopier({
    files: logFiles,
    clock,
    source: { app: name, root, instance: number },
    settings,
    onProblem(text) {
      instance().notice(text);
      onProblem(`app "${name}": ${text}`);
    },
  });
  return new InstanceLogs({
    base: join(logDirectory, base),
    clock,
    settings,
    copier,
    writers: treeWriters({ table, clock }, () => instance().tree),
    onLine,
    onSkip,
    onProblem: (text) => onProblem(`app "${name}": ${text}`),
  });
}
