import { assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import type { TaskInfo } from "../../src/protocol/methods/task_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

/** A sandbox with a manifest that is trusted. */
export async function project(haft = binary, manifest = ""): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(haft);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

/** One of its own, that asks and hears as editors do. */
export async function client({ socket }: DaemonSandbox): Promise<DaemonClient> {
  return await DaemonClient.connect({ client: "test", version: "1.0.0", socket, env: {} });
}

/** Lets the daemon run this many started tasks at a time. */
export async function givePlaces(daemon: DaemonSandbox, places: number): Promise<void> {
  const { code, stderr } = await daemon.run("config", "set", "daemon.tasks", String(places));
  assertEquals(code, 0, stderr);
  await daemon.run("daemon", "restart");
}

export async function task(daemon: DaemonSandbox, id: string): Promise<TaskInfo> {
  return (await daemon.call("task.status", { id }))["task"] as TaskInfo;
}

export async function start(daemon: DaemonSandbox, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await daemon.run("task", "start", ...args);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /^[0-9a-f]{12}\n$/);
  return stdout.trim();
}

/** One that finds no place. */
export async function startQueued(daemon: DaemonSandbox, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await daemon.run("task", "start", ...args);
  assertEquals(code, 0);
  assertMatch(stderr, /^Task [0-9a-f]{12} is queued behind [0-9]+ running task.*\n$/);
  return stdout.trim();
}

/** Resolves when the task's process runs. */
export async function running(daemon: DaemonSandbox, id: string): Promise<number> {
  return Number(await until(async () => (await task(daemon, id)).pid, `task ${id} runs`));
}

/** kill -9 of the daemon; `meanwhile` happens before the next one is there. */
export async function killDaemon(
  daemon: DaemonSandbox,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const { pid } = await daemon.call("daemon.status") as { pid: number };
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  await meanwhile();
  await daemon.start();
}

export async function ended(daemon: DaemonSandbox, id: string): Promise<TaskInfo> {
  await daemon.run("task", "wait", id);
  return await task(daemon, id);
}

/** Every `task.completed` and `task.aborted` of the task since `durable` was first asked for. */
export async function finalsOf(daemon: DaemonSandbox, durable: string, id: string): Promise<string[]> {
  const { events } = await daemon.call("task.finals", { durable }) as {
    events: { type: string; data: { id: string } }[];
  };
  return events.filter(({ data }) => data.id === id).map(({ type }) => type);
}
