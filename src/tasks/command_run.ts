import { chmodSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../process/clock.ts";
import type { ExitWatch } from "../process/exit_watch.ts";
import { hostProcessTable } from "../process/host_process_table.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import { stopTree } from "../process/stop_tree.ts";
import { errorCode } from "../base/errors.ts";
import { startProcess } from "../process/start_process.ts";
import { Conversation } from "./conversation.ts";
import type { StraySweep } from "./stray_sweep.ts";

export interface CommandRunOptions {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  verbatim: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
  log: string;
  /** Names its processes and its channel, so that the next daemon finds them too. */
  marker: string;
  /** The file that HAFT_TASK_INPUT names. */
  inputPath: string;
  /** Undefined when the task has no input: such tasks share one file. */
  input: Record<string, unknown> | undefined;
  sweep: StraySweep;
  /** What the command says over its channel: `message`, `progress`, `result`, `idle`. */
  onEvent: (event: string, data: unknown) => void;
}

/** A task's command while it runs. */
export interface CommandRun {
  readonly identity: ProcessIdentity;
  /** Resolves when the command and its group have ended; both are null when the exit is unknown. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  /** Sends a message to the command, now or when it connects. */
  say(data: unknown): void;
  /** Sends SIGTERM to the whole tree, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Leaves the command to the next daemon and closes its channel; `ended` may never resolve. */
  detach(): Promise<void>;
}

const STOP_TIMEOUT_MS = 5_000;

/**
 * Stops what is left of a command.
 *
 * @param leader undefined when it is unknown which process was started, or whether one was
 */
export async function stopLeftovers(leader: ProcessIdentity | undefined, marker: string): Promise<void> {
  await stopTree({ table: hostProcessTable(), clock: systemClock }, {
    leader,
    markerPrefix: marker,
    watched: leader !== undefined,
  }, { signal: "SIGTERM", timeoutMs: STOP_TIMEOUT_MS });
}

/**
 * Starts a task's command. HAFT_IPC_CHANNEL names a channel that it may use, and HAFT_TASK_INPUT the file
 * with its input.
 *
 * @throws {HaftError} when it cannot be started
 */
export async function runCommand(options: CommandRunOptions): Promise<CommandRun> {
  const { marker, inputPath, input } = options;
  const talk = await Conversation.open(marker, options.onEvent);
  if (input !== undefined) {
    writeFileSync(inputPath, JSON.stringify(input), { mode: 0o600 });
    chmodSync(inputPath, 0o600);
  }
  const finish = async () => {
    await talk.close();
    if (input !== undefined) rmSync(inputPath, { force: true });
  };
  try {
    const { child, identity, exited } = await startProcess({
      ...options,
      env: {
        ...options.env,
        HAFT_IPC_CHANNEL: talk.path,
        HAFT_IPC_MODE: "channel",
        HAFT_TASK_INPUT: inputPath,
      },
      pipes: false,
    });
    // A daemon that has closed its sockets must be able to exit while the command runs.
    child.unref();
    return {
      identity,
      ended: exited.then(async (exit) => {
        if (hasGroup(identity)) await stopLeftovers(identity, marker);
        else options.sweep.ended(marker);
        await finish();
        return exit;
      }),
      say: (data) => talk.say(data),
      stop: () => stopLeftovers(identity, marker),
      detach: () => talk.close(),
    };
  } catch (error) {
    await finish();
    throw error;
  }
}

/** Whether the group that the command led still has processes. */
function hasGroup({ pid }: ProcessIdentity): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

/**
 * Goes on with a command that an earlier daemon started. Its channel opens again at the same path; its exit
 * code is known where this daemon took that one's place, because only a parent learns it.
 *
 * @throws {HaftError} when its channel cannot be opened; the command is then stopped
 */
export async function adoptCommand(
  identity: ProcessIdentity,
  { marker, inputPath, onEvent, exits }: Pick<CommandRunOptions, "marker" | "inputPath" | "onEvent"> & {
    exits: ExitWatch;
  },
): Promise<CommandRun> {
  let talk: Conversation;
  try {
    talk = await Conversation.open(marker, onEvent);
  } catch (error) {
    await stopLeftovers(identity, marker);
    throw error;
  }
  return {
    identity,
    ended: exits.ended(identity).then(async (exit) => {
      await stopLeftovers(identity, marker);
      await talk.close();
      rmSync(inputPath, { force: true });
      return exit;
    }),
    say: (data) => talk.say(data),
    stop: () => stopLeftovers(identity, marker),
    detach: () => talk.close(),
  };
}
