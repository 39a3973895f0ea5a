/**
 * A child of `haft sync` that misbehaves in the way its first argument names. It is called as haft itself
 * would be: `fake_install_child.ts MODE install TOOL@VERSION --ipc-channel NAME`.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { connect as connectRaw, type Socket } from "node:net";
import process from "node:process";
import { LocalSocketChannel } from "../../src/channel/mod.ts";
import { resolveEndpoint } from "../../src/channel/resolve_endpoint.ts";
import {
  INSTALL_PROGRESS_EVENT,
  type InstallConfig,
  type InstallProgress,
} from "../../src/protocol/install.ts";

const [mode = "", , spec = "", , channelName = ""] = process.argv.slice(2);
const at = spec.lastIndexOf("@");
const tool = spec.slice(0, at);
const version = spec.slice(at + 1);
const forever = () => new Promise<never>(() => setInterval(() => {}, 1_000_000));

const journal = process.env["FAKE_CHILD_JOURNAL"];
if (journal !== undefined) appendFileSync(journal, `${process.pid} ${tool} ${channelName}\n`);

interface Session {
  report(progress: InstallProgress): Promise<void>;
  close(): Promise<void>;
  installPath: string;
}

/** Connects as a good child does and takes the job. */
async function join(): Promise<Session> {
  const channel = await LocalSocketChannel.connect(channelName, { timeoutMs: 10_000 });
  const { data } = await channel.recv({ timeoutMs: 10_000 });
  const { options } = data as { options: { install_path?: string } };
  return {
    report: (progress) => channel.emit(INSTALL_PROGRESS_EVENT, progress),
    close: () => channel.close(),
    installPath: options.install_path ?? "/nowhere",
  };
}

function completed(session: Session, change: { tool?: string; version?: string } = {}): InstallProgress {
  return {
    state: "completed",
    tool: change.tool ?? tool,
    version: change.version ?? version,
    install_path: session.installPath,
    already_installed: false,
    dependencies_lock: null,
  };
}

function downloading(bytes: number, total: number): InstallProgress {
  return {
    state: "downloading",
    tool,
    percent: bytes / total * 100,
    bytes_downloaded: bytes,
    total_bytes: total,
  };
}

async function rawConnection(): Promise<Socket> {
  const socket = connectRaw(resolveEndpoint(channelName, {}));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

function frame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

function progressFrame(progress: InstallProgress): Buffer {
  return frame({ type: "event", event: INSTALL_PROGRESS_EVENT, data: progress });
}

const modes: Record<string, () => Promise<unknown>> = {
  async good() {
    const session = await join();
    await session.report({ state: "started", tool, version });
    await session.report(downloading(50, 100));
    await session.report(downloading(100, 100));
    await session.report({ state: "extracting", tool, percent: 100 });
    await session.report(completed(session));
    await session.close();
  },
  /** Does every job that it is handed, as long as each says that another may follow. */
  async stays() {
    const channel = await LocalSocketChannel.connect(channelName, { timeoutMs: 10_000 });
    for (let stay = true; stay;) {
      const { data } = await channel.recv({ timeoutMs: 60_000 });
      const config = data as InstallConfig;
      stay = config.stay === true;
      const { tool_name: tool, version } = config;
      await channel.emit(INSTALL_PROGRESS_EVENT, {
        state: "completed",
        tool,
        version,
        install_path: `/store/${tool}`,
        already_installed: false,
        dependencies_lock: null,
      });
    }
    await channel.close();
  },
  async failed() {
    const session = await join();
    await session.report({
      state: "failed",
      tool,
      error: "the archive is broken",
      next: "Try another version",
    });
    await session.close();
    process.exitCode = 1;
  },
  silent: () => {
    console.error("a first line\nsegmentation fault in the flux capacitor");
    return Promise.resolve(process.exit(3));
  },
  wordless: () => Promise.resolve(process.exit(0)),
  async dies() {
    await join();
    process.exit(9);
  },
  async killed() {
    await join();
    process.kill(process.pid, "SIGKILL");
    await forever();
  },
  async hangs() {
    process.on("SIGTERM", () => {});
    const session = await join();
    await session.report({ state: "started", tool, version });
    await forever();
  },
  strays: forever,
  async garbage() {
    const socket = await rawConnection();
    socket.write(progressFrame({ state: "started", tool, version }));
    socket.write(Buffer.from([4, 0, 0, 0, 0xff, 0xfe, 0x00, 0x01]));
    await forever();
  },
  async oversize() {
    const socket = await rawConnection();
    socket.write(progressFrame({ state: "started", tool, version }));
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0x00, 0x7b]));
    await forever();
  },
  async half() {
    const socket = await rawConnection();
    const whole = progressFrame({ state: "started", tool, version });
    socket.write(Buffer.concat([whole, whole.subarray(0, whole.length - 5)]));
    await new Promise<void>((resolve) => socket.end(() => resolve()));
    await forever();
  },
  async interleaved() {
    const [first, second] = [await rawConnection(), await rawConnection()];
    const whole = progressFrame(downloading(1, 2));
    first.write(whole.subarray(0, 20));
    second.write(whole.subarray(0, 20));
    first.write(whole.subarray(20));
    second.write(whole.subarray(20));
    await forever();
  },
  async otherTool() {
    const session = await join();
    await session.report(completed(session, { tool: "impostor" }));
    await forever();
  },
  async otherVersion() {
    const session = await join();
    await session.report(completed(session, { version: "0.0.0" }));
    await forever();
  },
  async otherMessage() {
    const channel = await LocalSocketChannel.connect(channelName, { timeoutMs: 10_000 });
    await channel.send({ type: "event", event: "install.gossip", data: 1 });
    await forever();
  },
  async endless() {
    const session = await join();
    for (;;) {
      await session.report(downloading(1, 2));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
  async liar() {
    const session = await join();
    await session.report(completed(session));
    await session.close();
    process.exitCode = 7;
  },
  async lingers() {
    const session = await join();
    await session.report(completed(session));
    await forever();
  },
  async grandchild() {
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    if (journal !== undefined) appendFileSync(journal, `${child.pid} grandchild -\n`);
    await join();
    await forever();
  },
  /** biome fails at once; the others take for ever. */
  async mixed() {
    return await (tool === "biome" ? modes["failed"] : modes["slow"])?.();
  },
  async slow() {
    const session = await join();
    for (let bytes = 1;; bytes++) {
      await session.report(downloading(bytes, 1_000_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
};

await modes[mode]?.();
