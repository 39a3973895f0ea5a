import type { Clock } from "../process/clock.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import type { AppConfig } from "./config/app_schema.ts";
import { errorMessage } from "../base/errors.ts";
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
  /** Something that the person who looks at the app should know. */
  onNotice: (text: string) => void;
  onProblem: (text: string) => void;
  /** Whether the file of an absolute path is a log of haft's. */
  isLog: (path: string) => boolean;
}

/** Watches the limits and files of an instance that runs, until the result is disposed. */
export function watchRunning(config: AppConfig, options: WatchRunningOptions): Disposable {
  const { root, clock, limits, process, onExceeded, onRecycle, onNotice, onProblem, isLog } = options;
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
  const { paths, delay } = config.watch;
  if (paths.length > 0) {
    const onChange = (file: string) => onRecycle(`"${file}" changed`);
    const patterns = config.watch;
    watches.use(new FileWatch({ root, patterns, delay, isLog, clock, onChange, onProblem }));
    void noteNothing(root, paths, (text) => {
      if (!watches.disposed) onNotice(text);
    }).catch((error) => onProblem(`Cannot look for what is watched: ${errorMessage(error)}`));
  }
  return watches;
}

function describeExceeded({ resource, current, limit }: LimitReport): string {
  return resource === "memory"
    ? `uses ${current} bytes of memory, more than ${limit}`
    : `uses ${current} % of a core, more than ${limit}`;
}

async function noteNothing(
  root: string,
  paths: readonly string[],
  onNotice: (text: string) => void,
): Promise<void> {
  const { patternsOfNothing } = await import("./watch_nothing.ts");
  const nothing = patternsOfNothing(root, paths);
  if (nothing.length > 0) onNotice(`watch: nothing matches ${nothing.join(", ")}`);
}
