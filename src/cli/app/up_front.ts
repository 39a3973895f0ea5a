import { callerEnvironment } from "../../base/caller_environment.ts";
import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import type { LogFollow } from "./log_follow.ts";
import { untilEnd } from "./log_lines.ts";
import type { Selection } from "./selection.ts";
import { type UpOutcome, upOutcome } from "./up_outcome.ts";

export interface UpFrontOptions {
  target: Required<Selection>;
  profiles: readonly string[];
  follow: LogFollow;
  exitOn: string | undefined;
  abortOnFailure: boolean;
  json: boolean;
}

/** The apps of a project in front: until none is left, one decides the end, or Ctrl-C stops them all. */
export class UpFront {
  readonly #options: UpFrontOptions;
  readonly #context: Context;
  readonly #failures: string[] = [];
  /** Undefined until the daemon has said which apps it starts. */
  #started: ReadonlySet<string> | undefined;

  constructor(options: UpFrontOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  /** @param again the apps were started over an earlier connection */
  async run(daemon: DaemonClient, again: boolean): Promise<ExitCode> {
    const { target, follow } = this.#options;
    const { stderr, signal } = this.#context;
    const ended = Promise.withResolvers<UpOutcome>();
    // A look that fails after the end is of no interest.
    ended.promise.catch(() => {});
    const look = () =>
      void this.#outcome(daemon).then((outcome) => {
        if (outcome !== undefined) ended.resolve(outcome);
      }).catch(ended.reject);
    if (again) follow.hold();
    daemon.onEvent((message) => this.#onEvent(message, look));
    await daemon.request("events.subscribe", { types: ["app.*"] }, { signal });
    try {
      if (again) await follow.catchUp(daemon);
      else if (!await this.#start(daemon)) return ExitCode.ok;
      look();
      const end = await Promise.race([ended.promise, untilEnd(daemon, this.#context)]);
      if (typeof end === "object") return await this.#end(daemon, end);
      if (end !== ExitCode.interrupted) return end;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await stderr.write("Stopping\n");
    // Without the signal, which Ctrl-C has aborted.
    await daemon.request("app.down", target);
    return ExitCode.interrupted;
  }

  /** @returns false when there is nothing to start */
  async #start(daemon: DaemonClient): Promise<boolean> {
    const { target, exitOn, profiles } = this.#options;
    const { stderr, signal } = this.#context;
    const env = callerEnvironment(this.#context.env);
    const params = { ...target, profiles: [...profiles], env };
    const { outcomes } = await daemon.request("app.up", params, { signal });
    for (const { name, error } of outcomes) if (error !== null) await stderr.write(`${name}: ${error}\n`);
    if (outcomes.length === 0) {
      await stderr.write(
        "No app of this project has autostart\n  Name the apps to start, or declare some under [apps] in haft.toml\n",
      );
      return false;
    }
    this.#started = new Set(outcomes.map(({ name }) => name));
    if (exitOn === undefined || this.#started.has(exitOn)) return true;
    await daemon.request("app.down", target);
    throw new UsageError(`--exit-on names "${exitOn}", which is not among the apps that are started`, {
      next: `Started: ${[...this.#started].join(", ")}`,
    });
  }

  #onEvent(message: DaemonEvent, look: () => void): void {
    const { target, follow, json } = this.#options;
    const { stderr } = this.#context;
    follow.onEvent(message);
    const { event, data } = message;
    if (event !== "app.status_change" || data.root !== target.root) return;
    const { app, state, reason } = data;
    if (!json) {
      const style = createStyle(stderr.color);
      void stderr.write(style.dim(`${app} is ${state}${reason === null ? "" : `: ${reason}`}\n`));
    }
    if (state === "crashed" || state === "exhausted") this.#failures.push(app);
    if (["crashed", "exhausted", "stopped", "removed"].includes(state)) look();
  }

  /** While apps are still being started, only an app that ends everything counts. */
  async #outcome(daemon: DaemonClient): Promise<UpOutcome | undefined> {
    const { target, exitOn, abortOnFailure } = this.#options;
    const { apps } = await daemon.request("app.status", { root: target.root, names: [] });
    const started = this.#started;
    const meant = started === undefined ? apps : apps.filter(({ name }) => started.has(name));
    const failures = this.#failures;
    if (started !== undefined) return upOutcome(meant, { failures, exitOn, abortOnFailure });
    const outcome = abortOnFailure && failures.length > 0
      ? upOutcome(meant, { failures, abortOnFailure })
      : undefined;
    return outcome?.by === undefined ? undefined : outcome;
  }

  async #end(daemon: DaemonClient, { code, by }: UpOutcome): Promise<ExitCode> {
    const { target, json } = this.#options;
    const { stderr } = this.#context;
    if (by === undefined) return code;
    if (!json) await stderr.write(`${by} has ended; stopping the others\n`);
    await daemon.request("app.down", target);
    return code;
  }
}
