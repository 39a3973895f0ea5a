import { HaftError } from "../base/errors.ts";
import { MARKER_VARIABLE } from "../process/process_table.ts";
import type { AppCommand, AppConfig } from "./config/app_schema.ts";
import type { LaunchPlan } from "./instance_host.ts";
import { type CommandPlace, runCommand } from "./run_command.ts";

type Hook = "pre_start" | "post_start" | "pre_stop" | "post_stop" | "stop_command";

/** What a command finds the app's first process by. */
const PID_VARIABLE = "HAFT_APP_PID";

export interface InstanceHooksOptions {
  plan: Pick<LaunchPlan, "spec" | "words">;
  logs: { stdout: string; stderr: string };
  /** Marks processes as the app's. */
  marker: string;
  onNote: (reason: string) => void;
}

/** The commands of an instance: before and after its start and its stop, and instead of a signal. */
export class InstanceHooks {
  readonly #options: InstanceHooksOptions;

  constructor(options: InstanceHooksOptions) {
    this.#options = options;
  }

  /** Where it runs and with which variables. */
  get place(): CommandPlace {
    const { cwd, env, uid, gid } = this.#options.plan.spec;
    return { cwd, env, uid, gid };
  }

  words(command: AppCommand): readonly string[] {
    return this.#options.plan.words(command);
  }

  /** @throws {HaftError} when it fails: the app is not started then */
  async preStart({ pre_start: command }: AppConfig, signal: AbortSignal): Promise<void> {
    if (command === undefined) return;
    const failure = await this.#run(command, { signal });
    if (failure !== undefined && !signal.aborted) throw new HaftError(`pre_start: ${failure}`);
  }

  /**
   * Runs one that the app does not depend on: its failure is noted.
   *
   * @returns whether there is such a command, and it succeeded
   */
  async run(
    hook: Hook,
    config: AppConfig,
    options: { timeoutMs?: number; signal?: AbortSignal; pid?: number | undefined } = {},
  ): Promise<boolean> {
    const command = config[hook];
    if (command === undefined) return false;
    const failure = await this.#run(command, options);
    if (failure !== undefined && options.signal?.aborted !== true) {
      this.#options.onNote(`${hook}: ${failure}`);
    }
    return failure === undefined;
  }

  #run(
    command: AppCommand,
    { pid, ...options }: { timeoutMs?: number; signal?: AbortSignal; pid?: number | undefined },
  ): Promise<string | undefined> {
    const { logs, marker } = this.#options;
    const place = this.place;
    const env = {
      ...place.env,
      ...(pid === undefined ? {} : { [PID_VARIABLE]: String(pid) }),
      [MARKER_VARIABLE]: marker,
    };
    return runCommand(this.words(command), { ...place, env, logs, ...options });
  }
}
