import * as v from "valibot";
import { errorMessage, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Env } from "../base/env.ts";
import { Disconnected, type IpcChannel } from "../channel/mod.ts";
import { INSTALL_PROGRESS_EVENT, InstallConfig, type InstallProgress } from "../protocol/install.ts";
import type { Reporter } from "../tools/reporter.ts";
import { connectToParent } from "./install_channel.ts";
import { ThrottledReporter } from "./throttled_reporter.ts";

export interface ServeInstallOptions {
  /** `TOOL@VERSION` as the command line names it; the job has to be for that. */
  expected: string;
  env: Env;
  signal: AbortSignal;
  /** Does the job; reports up to `completed`, throws on failure. */
  install(config: InstallConfig, hooks: { report: Reporter; signal: AbortSignal }): Promise<unknown>;
}

/** Milliseconds that the parent has to hand over the job. */
const JOB_TIMEOUT = 20_000;

/**
 * The child's side of `haft sync`: takes one job from the channel, does it and reports. A parent that goes
 * away ends the install, which leaves nothing behind.
 * @throws {ChannelError} when there is no such channel, or no job on it
 */
export async function serveInstall(name: string, options: ServeInstallOptions): Promise<ExitCode> {
  const { env, signal } = options;
  await using channel = await connectToParent(name, { env, signal });
  const config = parseJob((await channel.recv({ timeoutMs: JOB_TIMEOUT, signal })).data, options.expected);
  const gone = new AbortController();
  let finished = false;
  void channel.closed.then(() => {
    if (!finished) gone.abort(new Disconnected(`The parent left channel "${name}"`));
  });
  const reporter = new ThrottledReporter({ send: (progress) => send(channel, progress) });
  try {
    await options.install(config, {
      report: reporter.report,
      signal: AbortSignal.any([signal, gone.signal]),
    });
    return ExitCode.ok;
  } catch (error) {
    if (gone.signal.aborted) return ExitCode.transport;
    if (signal.aborted) return ExitCode.interrupted;
    reporter.report({
      state: "failed",
      tool: config.tool_name,
      error: errorMessage(error),
      next: error instanceof HaftError ? error.next ?? null : null,
    });
    return ExitCode.failed;
  } finally {
    finished = true;
    reporter.close();
  }
}

function parseJob(data: unknown, expected: string): InstallConfig {
  const result = v.safeParse(InstallConfig, data);
  if (!result.success) {
    const issue = result.issues[0];
    throw new HaftError(
      `The parent sent a job that this haft does not understand: ${
        v.getDotPath(issue) ?? "it"
      }: ${issue.message}`,
      { exitCode: ExitCode.remote },
    );
  }
  const job = `${result.output.tool_name}@${result.output.version}`;
  if (job === expected) return result.output;
  throw new HaftError(`The parent sent a job for "${job}" instead of "${expected}"`, {
    exitCode: ExitCode.remote,
  });
}

/**
 * Nobody waits for it: the channel keeps the order, and a parent that has gone is noticed where it closes.
 */
function send(channel: IpcChannel, progress: InstallProgress): void {
  channel.emit(INSTALL_PROGRESS_EVENT, progress).catch(() => {});
}
