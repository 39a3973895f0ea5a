import { callerEnvironment } from "../../base/caller_environment.ts";
import type { Env } from "../../base/env.ts";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Params } from "../../protocol/methods/mod.ts";
import type { Flag, ParsedArgs } from "../command.ts";
import { HOST_FLAG, SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { ENVIRONMENT_FLAGS, type EnvironmentOptions, environmentOptions } from "../caller_env.ts";
import { JSON_FLAG, textFlag } from "../flag_values.ts";

/** What every verb takes that is about tasks. */
export interface TaskOptions {
  json: boolean;
  socket: string | undefined;
}

/** What the verbs take that name tasks by their ids. */
export interface TaskIdOptions extends TaskOptions {
  ids: readonly string[];
}

/** What a task is started with. */
export interface TaskStartOptions extends TaskOptions, EnvironmentOptions {
  /** Names of declared tasks; empty with a command. */
  names: readonly string[];
  /** Of a task that haft.toml does not declare. */
  command: readonly string[];
  text: string | undefined;
  images: readonly string[];
  configuration: Record<string, unknown> | undefined;
  /** Words for the named task, after --. */
  args: readonly string[];
  /** Runs it although its inputs did not change. */
  force: boolean;
  /** Hosts of the fleet, one of which takes it from the queue. */
  on: string | undefined;
  /** Each of these hosts runs it once. */
  all: boolean;
}

export const TASK_FLAGS: readonly Flag[] = [JSON_FLAG, HOST_FLAG, SOCKET_FLAG];

export const TEXT_FLAG: Flag = {
  name: "text",
  value: "T",
  description: "Text for the task, in its $HAFT_TASK_INPUT",
};

export const FORCE_FLAG: Flag = {
  name: "force",
  short: "f",
  description: "Run tasks although their inputs did not change",
};

/** Where a started task runs. */
export const ON_FLAGS: readonly Flag[] = [
  {
    name: "on",
    value: "HOST[:DIR]",
    description: "Let one host of the fleet take it: a name, role=build or *",
  },
  { name: "all", description: "With --on: each of these hosts runs it once" },
];

export const START_FLAGS: readonly Flag[] = [
  TEXT_FLAG,
  { name: "image", value: "F,…", description: "Images for the task, there too" },
  { name: "config", value: "JSON", description: "Settings for the task, there too" },
  ...ENVIRONMENT_FLAGS,
  ...TASK_FLAGS,
];

/** @throws {UsageError} where no id is given */
export function parseIds(args: ParsedArgs): TaskIdOptions {
  const ids = [...args.positional, ...args.rest];
  if (ids.length === 0) throw noId();
  for (const id of ids) if (!isFleetTask(id)) checkId(id);
  return { ids, json: args.flags.has("json"), socket: socketFlag(args) };
}

/** Whether an id is one of the fleet's queue. */
export function isFleetTask(id: string): boolean {
  return /^fleet-[0-9a-f]{12}$/.test(id);
}

/** @throws {HaftError} for what cannot be an id, as for an id that no task has */
export function checkId(id: string): void {
  if (/^[0-9a-f]{12}$/.test(id)) return;
  throw new HaftError(`There is no task with the id "${id}"`, {
    next: 'Run "haft task list" for the ids of tasks; "haft run NAME" starts a declared one',
    exitCode: ExitCode.remote,
  });
}

export function noId(): UsageError {
  return new UsageError("Which task? No id was given", { next: 'Run "haft task list" for the ids' });
}

/** @throws {UsageError} for neither a name nor a command, and for both */
export function parseStart(args: ParsedArgs): TaskStartOptions {
  const { positional: names, rest, flags } = args;
  if (names.length > 1 && rest.length > 0) {
    throw new UsageError("Words after -- need one task that gets them", {
      next: 'Write "haft task start NAME -- ARGS…", or "haft task start -- COMMAND…"',
    });
  }
  if (names.length === 0 && rest.length === 0) {
    throw new UsageError("Which task? None was named", {
      next: "Name one of [tasks] in haft.toml, or give a command after --",
    });
  }
  const config = textFlag(args, "config");
  const on = textFlag(args, "on");
  if (flags.has("all") && on === undefined) {
    throw new UsageError("--all needs --on, which says the hosts", { next: "Write --on role=build --all" });
  }
  if (on !== undefined && flags.has("host")) throw new UsageError("--on and --host exclude each other");
  return {
    on,
    all: flags.has("all"),
    names,
    command: names.length === 0 ? rest : [],
    args: names.length === 0 ? [] : rest,
    force: flags.has("force"),
    ...environmentOptions(args),
    text: textFlag(args, "text"),
    images: textFlag(args, "image")?.split(",") ?? [],
    configuration: config === undefined ? undefined : parseConfig(config),
    json: flags.has("json"),
    socket: socketFlag(args),
  };
}

export function parseConfig(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The error below says what is expected.
  }
  throw new UsageError("--config takes a JSON object", { next: `Write one such as '{"mode": "fast"}'` });
}

/** The daemon's request for one task. @param name undefined for the command of the options */
export function startRequest(
  name: string | undefined,
  { command, args, force, text, images, configuration }: TaskStartOptions,
  { cwd, env }: { cwd: string; env: Env | undefined },
): Params<"task.start"> {
  return {
    cwd,
    ...(env === undefined ? {} : { env: callerEnvironment(env) }),
    ...(args.length === 0 ? {} : { args: [...args] }),
    ...(force ? { force } : {}),
    ...(name === undefined ? { command: [...command] } : { name }),
    ...(text === undefined ? {} : { text }),
    ...(images.length === 0 ? {} : { images: [...images] }),
    ...(configuration === undefined ? {} : { configuration }),
  };
}
