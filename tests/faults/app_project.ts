import { readdirSync, readFileSync } from "node:fs";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { binary } from "../e2e/support.ts";

/** A sandbox with a trusted manifest. */
export async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

export async function status(daemon: DaemonSandbox): Promise<AppStatus[]> {
  return (await daemon.call("app.status", { root: daemon.sandbox.project }))["apps"] as AppStatus[];
}

export function pidsOf(apps: readonly AppStatus[]): (number | null)[] {
  return apps.map(({ instances }) => instances[0]?.pid ?? null);
}

/** Every living process that the sandbox's apps have started. */
export function processesOf({ sandbox }: DaemonSandbox): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
      return environ.includes("HAFT_APP_ID=") && environ.includes(sandbox.root);
    } catch {
      return false;
    }
  }).map(Number);
}
