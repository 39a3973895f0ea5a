import { spawn } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";
import { errorCode, errorMessage } from "../../base/errors.ts";
import { withUsersUmask } from "../../base/umask.ts";
import { showCommand } from "../../process/command_line.ts";
import type { HealthConfig } from "../config/app_schema.ts";

export interface ProbeContext {
  cwd: string;
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
}

/** Why a check failed; undefined when it passed. */
export type ProbeResult = string | undefined;

/** Runs a health check once. It ends within its time-out, and does not throw. */
export async function probe(health: HealthConfig, context: ProbeContext): Promise<ProbeResult> {
  try {
    if (health.http !== undefined) return await probeHttp(health.http, context.timeoutMs);
    if (health.tcp !== undefined) return await probeTcp(health.tcp, context.timeoutMs);
    if (health.exec !== undefined) return await probeExec(showCommand(health.exec), context);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? errorMessage(error);
  }
}

/** Not by fetch, which would ask the proxy of this process's environment. */
async function probeHttp(
  { url, expected_status: expected }: NonNullable<Exclude<HealthConfig["http"], string>> & {
    expected_status?: number | undefined;
  },
  timeoutMs: number,
): Promise<ProbeResult> {
  const { request } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
  return await new Promise((resolve) => {
    const sent = request(url, { method: "GET", agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      const passed = expected === undefined ? status >= 200 && status < 400 : status === expected;
      finish(passed ? undefined : `${url} answered ${status}`);
    });
    const timer = setTimeout(() => finish(`${url} did not answer in ${timeoutMs} ms`), timeoutMs);
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      resolve(result);
      sent.destroy();
    };
    sent.on("error", (error) => finish(`${url}: ${errorCode(error) ?? error.message}`));
    sent.end();
  });
}

function probeTcp({ host, port }: { host: string; port: number }, timeoutMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const timer = setTimeout(() => finish(`${host}:${port} did not answer in ${timeoutMs} ms`), timeoutMs);
    const finish = (result: ProbeResult) => {
      clearTimeout(timer);
      resolve(result);
      socket.destroy();
    };
    socket.once("connect", () => finish(undefined));
    socket.on("error", (error) => finish(`${host}:${port}: ${errorCode(error) ?? error.message}`));
  });
}

function probeExec(
  [file = "", ...args]: readonly string[],
  { cwd, env, timeoutMs }: ProbeContext,
): Promise<ProbeResult> {
  const shown = shownCommand(file, args);
  return new Promise((resolve) => {
    const child = withUsersUmask(() =>
      spawn(file, args, { cwd, env: { ...env }, detached: true, stdio: "ignore" })
    );
    let overdue = false;
    const timer = setTimeout(() => {
      overdue = true;
      // Our own child, and not waited for yet: the number is still its.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve(`${shown}: ${errorCode(error) ?? error.message}`);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      if (overdue) return resolve(`${shown} did not end in ${timeoutMs} ms`);
      resolve(
        code === 0
          ? undefined
          : `${shown} ${signal === null ? `exited with code ${code}` : `was killed by ${signal}`}`,
      );
    });
  });
}

/** The text that a shell runs, or the command itself: as the manifest has it. */
function shownCommand(file: string, args: readonly string[]): string {
  const flag = args.findIndex((word) => /^-[a-z]*c$/.test(word));
  return (flag === -1 ? undefined : args[flag + 1]?.trim()) ?? file;
}
