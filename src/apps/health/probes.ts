import { connect } from "node:net";
import { errorCode, errorMessage } from "../../base/errors.ts";
import { type CommandPlace, runCommand } from "../run_command.ts";
import type { AppCommand, HealthConfig } from "../config/app_schema.ts";
import type { FilledHealth } from "./fill_targets.ts";

export interface ProbeContext extends CommandPlace {
  timeoutMs: number;
  /** The words that run a command. */
  words: (command: AppCommand) => readonly string[];
}

/** Why a check failed; undefined when it passed. */
export type ProbeResult = string | undefined;

/** Runs a health check once. It ends within its time-out, and does not throw. */
export async function probe(health: FilledHealth, context: ProbeContext): Promise<ProbeResult> {
  try {
    if (health.http !== undefined) return await probeHttp(health.http, context.timeoutMs);
    if (health.tcp !== undefined) return await probeTcp(health.tcp, context.timeoutMs);
    if (health.exec !== undefined) return await runCommand(context.words(health.exec), context);
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
