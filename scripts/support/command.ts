import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "./project.ts";

export interface CommandOptions {
  cwd?: string;
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /**
   * `inherit` shows the output as it comes, `capture` only returns it, `tee` does both. Default `inherit`.
   */
  output?: "inherit" | "capture" | "tee";
  /** Milliseconds after which the command is killed. Default: never. */
  timeoutMs?: number;
}

export interface CommandResult {
  /** The exit code; 128 + the signal's number is not known here, so a killed command has code 1. */
  code: number;
  /** Empty unless captured. */
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end. A command that cannot be started rejects; a failing one resolves with its code.
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd = projectRoot, env = {}, output = "inherit", timeoutMs } = options;
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError("An empty command");
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      ...timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" as const },
      stdio: [
        "ignore",
        ...output === "inherit" ? ["inherit", "inherit"] as const : ["pipe", "pipe"] as const,
      ],
    });
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    child.stdout?.on("data", (chunk: Uint8Array) => {
      stdout.push(chunk);
      if (output === "tee") process.stdout.write(chunk);
    });
    child.stderr?.on("data", (chunk: Uint8Array) => {
      stderr.push(chunk);
      if (output === "tee") process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code: number | null) =>
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }));
  });
}

/**
 * Runs a command that has to succeed, in silence.
 *
 * @throws {Error} with the end of its output when it fails
 */
export async function mustRun(
  argv: readonly string[],
  options: Omit<CommandOptions, "output"> = {},
): Promise<CommandResult> {
  const result = await runCommand(argv, { ...options, output: "capture" });
  if (result.code !== 0) {
    throw new Error(`"${argv.join(" ")}" failed:\n${(result.stdout + result.stderr).slice(-2_000)}`);
  }
  return result;
}

/** The deno that runs this script, as an argv prefix: scripts never depend on what PATH happens to hold. */
export const deno: string = process.execPath;

/** `deno test` as this project runs it: no test waits without end. Files and options follow. */
export const denoTest: readonly string[] = [
  deno,
  "test",
  "-A",
  "--no-check",
  `--preload=${join(projectRoot, "scripts", "support", "test_limit.ts")}`,
];
