import { constants } from "node:os";
import { ExitCode } from "../../base/exit_code.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";

type Instance = AppStatus["instances"][number];

export interface UpOutcomeOptions {
  /** The apps that failed, in the order in which they did. */
  failures: readonly string[];
  /** When this app has ended, everything ends, with its exit code. */
  exitOn?: string | undefined;
  /** The first failure ends everything. */
  abortOnFailure?: boolean;
}

/** Why `up` is over, and with what exit code. */
export interface UpOutcome {
  code: ExitCode;
  /** The app that decided it; absent when nothing is left to run. */
  by?: string;
}

/** @param apps those that `up` has started; one that was deleted is not among them */
export function upOutcome(apps: readonly AppStatus[], options: UpOutcomeOptions): UpOutcome | undefined {
  const { failures, exitOn, abortOnFailure = false } = options;
  const failed = [...failures, ...apps.map(({ name }) => name)]
    .flatMap((name) => apps.find((app) => app.name === name && hasFailed(app)) ?? [])[0];
  if (exitOn !== undefined) {
    const app = apps.find(({ name }) => name === exitOn);
    if (app === undefined || isOver(app)) return { code: endCode(app), by: exitOn };
  }
  if (abortOnFailure && failed !== undefined) return { code: endCode(failed), by: failed.name };
  return apps.every(isOver) ? { code: endCode(failed) } : undefined;
}

/** Nothing of it runs, and nothing is planned. */
function isOver({ instances, next_run: nextRun }: AppStatus): boolean {
  return nextRun === null &&
    instances.every(({ state }) => state === "stopped" || state === "crashed" || state === "exhausted");
}

function hasFailed({ instances }: AppStatus): boolean {
  return instances.some(isFailure);
}

function isFailure({ state }: Instance): boolean {
  return state === "crashed" || state === "exhausted";
}

/** As a shell gives it: 128 + N for a signal. A failure without an exit code is a plain failure. */
function endCode(app: AppStatus | undefined): ExitCode {
  const failure = app?.instances.find(isFailure);
  if (failure === undefined) return ExitCode.ok;
  const { exit_code: code, exit_signal: signal } = failure;
  const number = signal === null ? undefined : signalNumbers.get(signal);
  if (number !== undefined) return 128 + number;
  return code === null || code === 0 ? ExitCode.failed : code;
}

const signalNumbers: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));
