import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Context } from "../command.ts";
import { asRemoteError } from "../daemon/remote_error.ts";

export interface Out {
  context: Context;
  quiet: boolean;
}

/** One request; its result on stdout, progress as events on stderr. */
export async function call(
  daemon: DaemonClient,
  { method, params, timeoutMs }: { method: string; params: unknown; timeoutMs: number | undefined },
  { context: { stdout, stderr, signal }, quiet }: Out,
): Promise<ExitCode> {
  try {
    const result = await daemon.requestAny(method, params, {
      timeoutMs,
      signal,
      onProgress: (event, data) => void stderr.write(`${JSON.stringify({ event, data })}\n`),
    });
    // An answer may come without data.
    if (!quiet) await stdout.write(`${JSON.stringify(result ?? null, null, stdout.isTTY ? 2 : 0)}\n`);
    return ExitCode.ok;
  } catch (error) {
    const { explainRefusal } = await import("./explain_refusal.ts");
    throw asRemoteError(await explainRefusal(error, { daemon, method }));
  }
}

export async function list(daemon: DaemonClient, { context: { stdout } }: Out): Promise<ExitCode> {
  const { methods } = await daemon.request("daemon.describe", {});
  const { table } = await import("../../ui/table.ts");
  await stdout.write(table(Object.entries(methods).map(([name, { summary }]) => [name, summary]), stdout));
  return ExitCode.ok;
}
