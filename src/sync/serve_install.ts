import { errorMessage, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Env } from "../base/env.ts";
import { Disconnected } from "../channel/mod.ts";
import type { InstallProgress } from "../protocol/install.ts";
import type { Reporter } from "../tools/reporter.ts";
import {
  type InstallJob,
  parseJob,
  UNKNOWN_WORDING,
  worded,
  type Wording,
  wordingOf,
} from "./install_job.ts";
import { ParentLink } from "./parent_link.ts";
import { ThrottledReporter } from "./throttled_reporter.ts";

export interface ServeInstallOptions {
  /** `TOOL@VERSION`, or the tool alone, as the command line names it; the job has to be for that. */
  expected: string;
  env: Env;
  signal: AbortSignal;
  /** Does the job; reports up to `completed`, throws on failure. */
  install(job: InstallJob, hooks: { report: Reporter; signal: AbortSignal }): Promise<unknown>;
}

/** Milliseconds that the parent has to hand over the job. */
const JOB_TIMEOUT = 20_000;

/**
 * The child's side of `haft sync`, and of any program that drives an install: takes a job from the channel,
 * does it and reports. A parent that goes away ends the install, which leaves nothing behind. After a job
 * that says `stay`, a child waits for another.
 *
 * @throws {HaftError} when there is no such channel, or no job on it; the parent hears that, too
 */
export async function serveInstall(name: string, options: ServeInstallOptions): Promise<ExitCode> {
  const { env, signal, expected } = options;
  await using parent = await ParentLink.connect(name, { env, signal });
  let taken = await takeJob(parent, () => parent.job({ timeoutMs: JOB_TIMEOUT, signal }), expected);
  for (;;) {
    const { job, wording } = taken;
    const stays = job.kind === "whole" && job.config.stay === true;
    // Asked for now: the parent may send it as soon as it hears that this one is done.
    const next = stays ? parent.nextJob({ signal }) : undefined;
    next?.catch(() => {});
    const code = await serveJob(job, { parent, name, wording, options });
    if (code !== ExitCode.ok || next === undefined) return code;
    const following = await next;
    if (following === undefined) return ExitCode.ok;
    taken = await takeJob(parent, () => Promise.resolve(following.value));
  }
}

async function serveJob(
  job: InstallJob,
  { parent, name, wording, options: { signal, install } }: {
    parent: ParentLink;
    name: string;
    wording: Wording;
    options: ServeInstallOptions;
  },
): Promise<ExitCode> {
  const gone = new AbortController();
  let finished = false;
  void parent.closed.then(() => {
    if (!finished) gone.abort(new Disconnected(`The parent left channel "${name}"`));
  });
  const reporter = new ThrottledReporter({ send: (progress) => send(parent, progress, wording) });
  try {
    await install(job, { report: reporter.report, signal: AbortSignal.any([signal, gone.signal]) });
    return ExitCode.ok;
  } catch (error) {
    if (gone.signal.aborted) return ExitCode.transport;
    if (signal.aborted) return ExitCode.interrupted;
    reporter.report(failed(job.config.tool_name, error));
    return ExitCode.failed;
  } finally {
    finished = true;
    reporter.close();
  }
}

/** @param expected what the command line names; a later job names itself */
async function takeJob(
  parent: ParentLink,
  receive: () => Promise<unknown>,
  expected?: string,
): Promise<{ job: InstallJob; wording: Wording }> {
  let wording = UNKNOWN_WORDING;
  try {
    const value = await receive();
    wording = wordingOf(value);
    return { job: parseJob(value, expected), wording };
  } catch (error) {
    // A parent that has only shut down its sending side hears it, too.
    const at = expected?.lastIndexOf("@") ?? 0;
    send(parent, failed(at > 0 ? expected?.slice(0, at) ?? "" : expected ?? "", error), wording);
    throw error;
  }
}

function failed(tool: string, error: unknown): InstallProgress {
  const next = error instanceof HaftError ? error.next ?? null : null;
  return { state: "failed", tool, error: errorMessage(error), next };
}

function send(parent: ParentLink, progress: InstallProgress, wording: Wording): void {
  parent.send(worded(progress, wording), {
    important: progress.state === "completed" || progress.state === "failed",
  });
}
