import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { systemClock } from "../apps/clock.ts";
import { hostProcessTable } from "../apps/process/host_process_table.ts";
import type { ProcessIdentity } from "../apps/process/process_table.ts";
import { stopTree } from "../apps/process/stop_tree.ts";
import { startProcess } from "../backends/start_process.ts";
import { type IpcChannel, LocalSocketServer, type Message } from "../channel/mod.ts";

export interface CommandRunOptions {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  log: string;
  /** Where the command finds what it was started with. */
  inputPath: string;
  input: Record<string, unknown>;
  /** What the command says over its channel: `message`, `progress`, `result`, `idle`. */
  onEvent: (event: string, data: unknown) => void;
}

/** A task's command while it runs. */
export interface CommandRun {
  readonly identity: ProcessIdentity;
  readonly marker: string;
  /** Resolves when the command and all that it started have ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  /** Says something to the command; it is told when it connects. */
  say(data: unknown): void;
  /** SIGTERM to all of it, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 5_000;

/** Stops whatever is left of a command. */
export async function stopLeftovers(leader: ProcessIdentity, marker: string): Promise<void> {
  await stopTree({ table: hostProcessTable(), clock: systemClock }, {
    leader,
    markerPrefix: marker,
    watched: true,
  }, { signal: "SIGTERM", timeoutMs: STOP_TIMEOUT_MS });
}

/**
 * Starts a task's command, with a channel of its own in HAFT_IPC_CHANNEL, which it need not use, and its input in the file that
 * HAFT_TASK_INPUT names.
 *
 * @throws {HaftError} when it cannot be started
 */
export async function runCommand(options: CommandRunOptions): Promise<CommandRun> {
  const marker = `task-${randomBytes(6).toString("hex")}`;
  const server = await LocalSocketServer.listen(marker);
  const channels = new Set<IpcChannel>();
  const unsaid: unknown[] = [];
  void accept(server, { channels, unsaid, onEvent: options.onEvent });
  mkdirSync(dirname(options.inputPath), { recursive: true, mode: 0o700 });
  writeFileSync(options.inputPath, JSON.stringify(options.input), { mode: 0o600 });
  chmodSync(options.inputPath, 0o600);
  const finish = async () => {
    await server.close();
    for (const channel of channels) await channel.close();
    rmSync(options.inputPath, { force: true });
  };
  try {
    const { identity, exited } = await startProcess({
      ...options,
      env: {
        ...options.env,
        HAFT_IPC_CHANNEL: server.path,
        HAFT_IPC_MODE: "channel",
        HAFT_TASK_INPUT: options.inputPath,
      },
      pipes: false,
      marker,
    });
    return {
      identity,
      marker,
      ended: exited.then(async (exit) => {
        await stopLeftovers(identity, marker);
        await finish();
        return exit;
      }),
      say(data) {
        if (channels.size === 0) unsaid.push(data);
        for (const channel of channels) void channel.emit("message", data).catch(() => {});
      },
      stop: () => stopLeftovers(identity, marker),
    };
  } catch (error) {
    await finish();
    throw error;
  }
}

async function accept(
  server: LocalSocketServer,
  { channels, unsaid, onEvent }: {
    channels: Set<IpcChannel>;
    unsaid: unknown[];
    onEvent: CommandRunOptions["onEvent"];
  },
): Promise<void> {
  for (;;) {
    let channel: IpcChannel;
    try {
      channel = await server.accept();
    } catch {
      // The server was closed: the command has ended.
      return;
    }
    channels.add(channel);
    void channel.closed.then(() => channels.delete(channel));
    channel.onMessage((message: Message) => {
      if (message.type === "event") onEvent(message.event ?? "", message.data);
      else if (message.type === "data") onEvent("message", message.data);
      else if (message.type === "ping") void channel.send({ type: "pong", id: message.id }).catch(() => {});
    });
    for (const data of unsaid.splice(0)) void channel.emit("message", data).catch(() => {});
  }
}
