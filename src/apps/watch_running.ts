import type { Clock } from "../process/clock.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { FileWatch } from "./file_watch.ts";
import type { LimitReport, LimitWatch } from "./limit_watch.ts";

export interface WatchRunningOptions {
  /** The project's directory. */
  root: string;
  clock: Clock;
  limits: LimitWatch;
  process: () => ProcessIdentity | undefined;
  onExceeded: (report: LimitReport) => void;
  /** It is to be stopped and started again. */
  onRecycle: (reason: string) => void;
  onProblem: (text: string) => void;
}

/** Watches the limits and files of an instance that runs, until the result is disposed. */
export function watchRunning(config: AppConfig, options: WatchRunningOptions): Disposable {
  const { root, clock, limits, process, onExceeded, onRecycle, onProblem } = options;
  const watches = new DisposableStack();
  watches.use(limits.add({
    limits: config.limits,
    process,
    onExceeded(report) {
      const allowed = config.restart === "no" ? { ...report, action: "report" as const } : report;
      onExceeded(allowed);
      if (report.action === "restart") onRecycle(describeExceeded(report));
    },
  }));
  if (config.watch.length > 0) {
    const onChange = (file: string) => onRecycle(`"${file}" changed`);
    watches.use(new FileWatch({ root, globs: config.watch, clock, onChange, onProblem }));
  }
  return watches;
}

function describeExceeded({ resource, current, limit }: LimitReport): string {
  return resource === "memory"
    ? `uses ${current} bytes of memory, more than ${limit}`
    : `uses ${current} % of a core, more than ${limit}`;
}
