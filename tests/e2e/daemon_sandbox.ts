import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { type Haft, isGone, Sandbox } from "./support.ts";

/** A sandbox whose daemon, if the test leaves one, is stopped in the end. */
export class DaemonSandbox implements AsyncDisposable {
  constructor(readonly sandbox: Sandbox, readonly haft: Haft) {}

  static async create(haft: Haft, options: { registry?: string } = {}): Promise<DaemonSandbox> {
    return new DaemonSandbox(await Sandbox.create(options), haft);
  }

  get socket(): string {
    return join(this.sandbox.root, "run", "haft", "daemon.sock");
  }

  run(...args: string[]) {
    return this.sandbox.run(this.haft, { args });
  }

  /** The answer of a method; its progress, which goes to stderr, is left aside. */
  async call(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await this.run("ipc-send", method, JSON.stringify(params));
    const complaints = stderr.split("\n").filter((line) => line !== "" && !line.startsWith('{"event":'));
    assertEquals({ code, complaints }, { code: 0, complaints: [] });
    return JSON.parse(stdout);
  }

  async start(): Promise<number> {
    const { code, stdout, stderr } = await this.run("daemon", "start", "--json");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    return JSON.parse(stdout).pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("daemon", "stop");
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** Waits for a process that is about to end. */
export async function untilGone(pid: number): Promise<void> {
  await until(() => isGone(pid), `${pid} has ended`);
}
