/** How a command ended on each of several hosts, and what that makes of the whole. */
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { ChannelError } from "../../channel/errors.ts";
import type { Context } from "../command.ts";

export interface HostOutcome {
  host: string;
  code: ExitCode;
  /** It did not answer, or not to the end. */
  silent: boolean;
}

export function failedHost(host: string, error: unknown): HostOutcome {
  const code = error instanceof HaftError ? error.exitCode : ExitCode.failed;
  return { host, code, silent: error instanceof ChannelError };
}

/** Names the hosts that did not do it. @returns the exit code of the worst */
export async function reportHosts(
  outcomes: readonly HostOutcome[],
  { stderr }: Pick<Context, "stderr">,
): Promise<ExitCode> {
  const bad = outcomes.filter(({ code }) => code !== ExitCode.ok);
  if (bad.length > 0) {
    const silent = bad.filter((outcome) => outcome.silent).map(({ host }) => host);
    const rest = bad.filter((outcome) => !outcome.silent).map(({ host, code }) =>
      `${host} (exit code ${code})`
    );
    await stderr.write(
      `${outcomes.length - bad.length} of ${outcomes.length} hosts succeeded` +
        `${silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`}` +
        `${rest.length === 0 ? "" : `; failed on ${rest.join(", ")}`}\n`,
    );
  }
  return outcomes.reduce<ExitCode>((worst, { code }) => code > worst ? code : worst, ExitCode.ok);
}
