import { callerEnvironment } from "../../base/caller_environment.ts";
import { UsageError } from "../../base/errors.ts";
import { BROKEN_PIPE, ExitCode } from "../../base/exit_code.ts";
import { isDown } from "../../apps/state/app_state.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { DaemonEvent } from "../../protocol/events.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import type { Context } from "../command.ts";
import { complaint } from "./report.ts";
import { noneStartsText, type ProjectSelection } from "./app_options.ts";
import { checkApps } from "./selection.ts";
import { shownStateOf, stateWords } from "./state_text.ts";
import type { UpView } from "./up_view.ts";
import { type UpOutcome, upOutcome } from "./up_outcome.ts";

export interface UpFrontOptions {
  target: ProjectSelection;
  profiles: readonly string[];
  /** The apps that these depend on. */
  dependencies: (names: readonly string[]) => string[];
  view: UpView;
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
  /** What ran before this command. */
  #before: ReadonlySet<string> | undefined;

  constructor(options: UpFrontOptions, context: Context) {
    this.#options = options;
    this.#context = context;
  }

  /** @param again the apps were started over an earlier connection */
  async run(daemon: DaemonClient, again: boolean): Promise<ExitCode> {
    const { view } = this.#options;
    const { signal } = this.#context;
    const left = new AbortController();
    void view.left.then((end) => left.abort(end));
    // Ctrl-C, or a key of the board's.
    const over = AbortSignal.any([signal, left.signal]);
    const ended = Promise.withResolvers<UpOutcome>();
    // A look that fails after the end is of no interest.
    ended.promise.catch(() => {});
    const look = () =>
      void this.#outcome(daemon).then((outcome) => {
        if (outcome !== undefined) ended.resolve(outcome);
      }).catch(ended.reject);
    try {
      daemon.onEvent((message) => this.#onEvent(message, look));
      await daemon.request("events.subscribe", { types: ["app.status_change"] }, { signal: over });
      await view.attach(daemon, again);
      if (!again && !await this.#start(daemon, over)) return ExitCode.ok;
      look();
      const end = await Promise.race([ended.promise, view.untilEnd(daemon), whenAborted(over)]);
      if (typeof end === "object") return await this.#end(daemon, end);
      if (end !== ExitCode.interrupted) {
        if (!this.#context.stdout.closed) return end;
        await this.#stop(daemon);
        return BROKEN_PIPE;
      }
    } catch (error) {
      if (!over.aborted) throw error;
    }
    return await this.#leave(daemon, left.signal.reason);
  }

  /** @returns false when there is nothing to start */
  async #start(daemon: DaemonClient, signal: AbortSignal): Promise<boolean> {
    const { target, exitOn, profiles, view } = this.#options;
    const env = callerEnvironment(this.#context.env);
    const { apps } = await daemon.request("app.status", { root: target.root, names: [] }, { signal });
    this.#before = new Set(apps.filter(({ state }) => !isDown(state)).map(({ name }) => name));
    const params = { ...target, profiles: [...profiles], env };
    const { outcomes } = await daemon.request("app.up", params, { signal });
    for (const { name, error, next } of outcomes) {
      if (error !== null) await view.complain(complaint({ name, error, next }));
    }
    if (outcomes.length === 0) {
      await view[Symbol.asyncDispose]();
      await this.#context.stderr.write(noneStartsText(checkApps(this.#context)));
      return false;
    }
    this.#started = new Set(outcomes.map(({ name }) => name));
    const running = outcomes.map(({ name }) => name).filter((name) => this.#before?.has(name));
    if (running.length > 0) {
      await view.note(`${running.join(", ")} ran before; Ctrl-C stops all ("haft app top" only watches)`);
    }
    if (exitOn === undefined || this.#started.has(exitOn)) return true;
    await this.#stop(daemon);
    throw new UsageError(`--exit-on names "${exitOn}", which is not among the apps that are started`, {
      next: `Started: ${[...this.#started].join(", ")}`,
    });
  }

  #onEvent({ event, data }: DaemonEvent, look: () => void): void {
    const { target, view } = this.#options;
    if (event !== "app.status_change" || data.root !== target.root) return;
    const { app, state, reason } = data;
    void view.note(`${app} ${stateWords(state)}${reason === null ? "" : `: ${reason}`}`);
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
    const { json } = this.#options;
    await this.#close(daemon);
    if (by === undefined) return code;
    if (!json) await this.#context.stderr.write(`${by} has ended; stopping the others\n`);
    await this.#stop(daemon);
    return code;
  }

  /** A person leaves. @param end by which key; an error for Ctrl-C at a terminal that prints lines */
  async #leave(daemon: DaemonClient, end: unknown): Promise<ExitCode> {
    const { view } = this.#options;
    const { stderr } = this.#context;
    await view[Symbol.asyncDispose]();
    if (end === "detach") {
      await stderr.write('The apps go on. "haft app up" comes back, "haft app down" stops them\n');
      return ExitCode.ok;
    }
    await stderr.write("Stopping\n");
    await this.#stop(daemon);
    return end === "quit" ? ExitCode.ok : ExitCode.interrupted;
  }

  /**
   * Stops the apps that were named, and those they depend on that did not run before. Without the signal,
   * which Ctrl-C has aborted.
   */
  async #stop(daemon: DaemonClient): Promise<void> {
    const { target, dependencies } = this.#options;
    const before = this.#before;
    const names = target.names.length === 0 || before === undefined
      ? target.names
      : [...target.names, ...dependencies(target.names).filter((name) => !before.has(name))];
    await daemon.request("app.down", { ...target, names });
  }

  /** After a board, which is gone with all that it showed, it is said how each app is. */
  async #close(daemon: DaemonClient): Promise<void> {
    const { target, view } = this.#options;
    await view[Symbol.asyncDispose]();
    if (view.closing === undefined) return;
    const { apps } = await daemon.request("app.status", target);
    for (const app of apps.filter(({ name }) => this.#started?.has(name) !== false)) {
      await this.#context.stderr.write(endLine(app));
    }
  }
}

/** `web is crashed: exited with code 7`, and where its log is. */
function endLine(app: AppStatus): string {
  const { name, state, instances } = app;
  const reason = instances.find((one) => one.reason !== null)?.reason;
  const line = `${name} ${stateWords(shownStateOf(app))}${reason == null ? "" : `: ${reason}`}\n`;
  return state === "stopped" ? line : `${line}  See "haft app logs ${name}"\n`;
}

/** A key of the board's ends it as Ctrl-C does. */
function whenAborted(signal: AbortSignal): Promise<ExitCode> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(ExitCode.interrupted);
    signal.addEventListener("abort", () => resolve(ExitCode.interrupted), { once: true });
  });
}
