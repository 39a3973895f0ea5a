import { spawn } from "node:child_process";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";

export interface InstallerRun {
  command: readonly string[];
  cwd: string;
  env: Record<string, string>;
  signal: AbortSignal;
  /** Milliseconds after which the installer is stopped. */
  timeoutMs: number;
  /** Called every {@link HEARTBEAT_MS} while it works, so that its silence does not look like a hang. */
  onHeartbeat: () => void;
  /** What the error says, from the end of its output; that alone by default. */
  failure?: (words: string) => string;
}

export const HEARTBEAT_MS = 10_000;
/** What is kept of the installer's output, for the error message. */
const OUTPUT_TAIL = 8_192;

/**
 * Runs an installer to its end. Ends only after the process is gone, so that nothing writes into the staged
 * tree any more.
 * @throws {HaftError} with the end of its output, when it fails or takes too long; the signal's reason.
 */
export async function runInstaller(
  { command, cwd, env, signal, timeoutMs, onHeartbeat, failure = (words) => words }: InstallerRun,
): Promise<void> {
  signal.throwIfAborted();
  const [file = "", ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Uint8Array) => {
    output = (output + new TextDecoder().decode(chunk)).slice(-OUTPUT_TAIL);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let timedOut = false;
  const stop = () => void child.kill("SIGKILL");
  const timeout = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  const heartbeat = setInterval(onHeartbeat, HEARTBEAT_MS);
  signal.addEventListener("abort", stop);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    signal.throwIfAborted();
    if (timedOut) {
      throw new HaftError(`${file} did not end within ${timeoutMs / 1000} seconds`, {
        exitCode: ExitCode.timedOut,
      });
    }
    if (code !== 0) throw new HaftError(failure(lastLines(output)));
  } finally {
    clearTimeout(timeout);
    clearInterval(heartbeat);
    signal.removeEventListener("abort", stop);
  }
}

/** The lines that say what is wrong, else the end of all that was said. */
function lastLines(output: string): string {
  const lines = output.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const errors = lines.filter((line) => line.startsWith("error:"));
  return (errors.length > 0 ? errors : lines.slice(-5)).join("; ") || "it said nothing";
}
