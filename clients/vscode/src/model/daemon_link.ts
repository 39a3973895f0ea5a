import { setTimeout as delay } from "node:timers/promises";
import { Disconnected } from "../../../../src/channel/errors.ts";
import type { RequestOptions } from "../../../../src/channel/pending_requests.ts";
import { DaemonClient } from "../../../../src/client/daemon_client.ts";
import { protocolSkew } from "./version_skew.ts";
import type { Ack, DaemonEvent, MethodName, Params, Result } from "../../../../src/client/mod.ts";

export type LinkState =
  | { state: "connecting" }
  | { state: "connected"; ack: Ack }
  /** No daemon runs; one that a person starts is noticed. */
  | { state: "absent" }
  | { state: "failed"; error: unknown };

export interface LinkOptions {
  /** The extension's own version. */
  version: string;
  /** Where a daemon may answer, the likeliest first. */
  sockets(): readonly string[];
  /** Starts a daemon, and gives its socket. */
  start(): Promise<string>;
  /** Whether a daemon may be started without being asked for. */
  autoStart(): boolean;
  /** Calls `appeared` when something changes at one of the sockets, until it is disposed of. */
  watch(sockets: readonly string[], appeared: () => void): Disposable;
  onState(state: LinkState): void;
  /** Every event of the stream, and the notices `lagged` and `reset`. */
  onEvent(event: DaemonEvent): void;
  /** A new stream began: nothing that was known before counts any more. */
  onFresh(): void;
  /** Everything that goes over the wire; undefined while no one reads it. */
  trace(): ((line: string) => void) | undefined;
}

/** The events that a window always gets. Lines of apps' logs are subscribed to while a log is open. */
export const EVENTS_OF_INTEREST: readonly string[] = [
  "config.changed",
  "runtime.*",
  "install.*",
  "daemon.*",
  "app.status_change",
  "app.health_check_failed",
  "app.process_started",
  "app.process_restarting",
  "app.process_crashed",
  "app.resource_limit_exceeded",
  "task.created",
  "task.queued",
  "task.started",
  "task.retrying",
  "task.completed",
  "task.aborted",
  "task.closed",
];

/** Milliseconds before each attempt to reach a daemon that has just gone. A restart takes a moment. */
const ATTEMPTS = [0, 50, 100, 200, 400, 800, 1_600];
const START_LIMIT_MS = 10_000;
const LONGEST_LINE = 2_000;

/**
 * The one connection of a window. It comes back after a restart of the daemon, and takes up the stream of
 * events where it was cut. A daemon that crashed is started again; one that a person stopped is waited for,
 * without a timer.
 */
export class DaemonLink implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #stop = new AbortController();
  #client: DaemonClient | undefined;
  #connecting: { client: Promise<DaemonClient>; start: boolean } | undefined;
  #watch: Disposable | undefined;
  /** Whether something changed at a socket since it was last tried. */
  #changed = false;
  /** The last event that was seen, and in which life of the daemon. */
  #cursor: { epoch: string; seq: number } | undefined;
  #stoppedOnPurpose = false;
  /** While a daemon that has just gone may be about to come again: then it is not called absent. */
  #mayReturn = false;
  #said: LinkState["state"] | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connects, and starts a daemon where the settings allow it. A failure is a state. */
  async begin(): Promise<void> {
    await this.#reach({ start: this.#options.autoStart() }).catch(() => {});
  }

  /** A person wants something of the daemon, so one that does not run is started. */
  async request<M extends MethodName>(
    method: M,
    params: Params<M>,
    options: RequestOptions = {},
  ): Promise<Result<M>> {
    const client = this.#client ?? await this.#reach({ start: true });
    return await this.#ask(client, method, params, options);
  }

  /** As {@link request}, where a daemon runs. @throws {Disconnected} where none does */
  async ask<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#client === undefined) {
      throw new Disconnected("The daemon is not running");
    }
    return await this.#ask(this.#client, method, params, {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#unwatch();
    await this.#client?.close();
  }

  async #ask<M extends MethodName>(
    client: DaemonClient,
    method: M,
    params: Params<M>,
    options: RequestOptions,
  ): Promise<Result<M>> {
    const trace = this.#options.trace();
    if (trace === undefined) {
      return await client.request(method, params, options);
    }
    const begun = performance.now();
    const took = () => `${(performance.now() - begun).toFixed(1)} ms`;
    trace(`→ ${method} ${short(params)}`);
    try {
      const result = await client.request(method, params, options);
      trace(`← ${method} ${took()} ${short(result)}`);
      return result;
    } catch (error) {
      trace(`← ${method} ${took()} ${error}`);
      throw error;
    }
  }

  #reach({ start }: { start: boolean }): Promise<DaemonClient> {
    const going = this.#connecting;
    if (going === undefined) {
      const client = this.#connect({ start }).finally(() => this.#connecting = undefined);
      this.#connecting = { client, start };
      return client;
    }
    // An attempt that may not start a daemon says nothing about one that may.
    return start && !going.start ? going.client.catch(() => this.#reach({ start })) : going.client;
  }

  async #connect({ start }: { start: boolean }): Promise<DaemonClient> {
    this.#say({ state: "connecting" });
    try {
      const client = await this.#openWatched() ?? (start ? await this.#startAndOpen() : undefined);
      if (client === undefined) {
        throw new Disconnected("The daemon is not running");
      }
      await this.#use(client);
      return client;
    } catch (error) {
      const isAbsent = error instanceof Disconnected;
      // A daemon with which nothing is shared may be replaced by one of another version.
      if (!isAbsent && protocolSkew(error) === undefined) this.#unwatch();
      if (!isAbsent) this.#say({ state: "failed", error });
      else if (!this.#mayReturn) this.#say({ state: "absent" });
      throw error;
    }
  }

  /**
   * Looks at the sockets, and again for as long as they change meanwhile: they are watched before they are
   * tried, so a daemon that begins to listen between two looks is not missed.
   * @returns undefined when no daemon listens, and then the sockets are watched
   */
  async #openWatched(): Promise<DaemonClient | undefined> {
    this.#watchSockets();
    while (true) {
      this.#changed = false;
      const client = await this.#open().catch((error) => {
        if (this.#changed && protocolSkew(error) !== undefined) return undefined;
        throw error;
      });
      if (client !== undefined || !this.#changed) return client;
    }
  }

  /** @returns undefined when no daemon listens */
  async #open(): Promise<DaemonClient | undefined> {
    for (const socket of this.#options.sockets()) {
      try {
        return await this.#connectTo(socket, {});
      } catch (error) {
        const isAbsent = error instanceof Disconnected ||
          error instanceof Error && "code" in error && error.code === "ENOENT";
        if (!isAbsent) throw error;
      }
    }
    return undefined;
  }

  async #startAndOpen(): Promise<DaemonClient> {
    const socket = await this.#options.start();
    return await this.#connectTo(socket, { retry: true, timeoutMs: START_LIMIT_MS });
  }

  async #connectTo(socket: string, more: { retry?: boolean; timeoutMs?: number }): Promise<DaemonClient> {
    const { version } = this.#options;
    const { signal } = this.#stop;
    return await DaemonClient.connect({ client: "vscode", version, socket, signal, ...more });
  }

  async #use(client: DaemonClient): Promise<void> {
    const { ack } = client;
    const since = this.#cursor?.epoch === ack.epoch ? this.#cursor : undefined;
    client.onEvent((event) => this.#onEvent(event, ack.epoch));
    const { epoch, seq } = await this.#ask(client, "events.subscribe", {
      types: [...EVENTS_OF_INTEREST],
      ...(since === undefined ? {} : { since }),
    }, {});
    if (since === undefined) this.#cursor = { epoch, seq };
    this.#unwatch();
    this.#client = client;
    this.#stoppedOnPurpose = false;
    this.#mayReturn = false;
    void client.closed.then(() => this.#lost(client));
    this.#say({ state: "connected", ack });
    if (since === undefined) this.#options.onFresh();
  }

  #onEvent(event: DaemonEvent, epoch: string): void {
    this.#options.trace()?.(`← ${event.event} ${short(event.data)}`);
    if ("seq" in event && typeof event.seq === "number") {
      this.#cursor = { epoch, seq: event.seq };
    }
    if (event.event === "daemon.stopping") this.#stoppedOnPurpose = true;
    this.#options.onEvent(event);
  }

  async #lost(client: DaemonClient): Promise<void> {
    if (this.#client !== client || this.#stop.signal.aborted) return;
    this.#client = undefined;
    const mayStart = !this.#stoppedOnPurpose && this.#options.autoStart();
    for (const wait of ATTEMPTS) {
      this.#mayReturn = wait !== ATTEMPTS.at(-1);
      await delay(wait, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
      if (this.#stop.signal.aborted || this.#client !== undefined) return;
      const start = mayStart && !this.#mayReturn;
      if (await this.#reach({ start }).then(() => true, () => false)) return;
    }
  }

  /** Attempts that follow each other are one state. */
  #say(state: LinkState): void {
    if (state.state === "connecting" && this.#said === "connecting") return;
    this.#said = state.state;
    this.#options.onState(state);
  }

  #watchSockets(): void {
    if (this.#stop.signal.aborted) return;
    // Anew for each attempt: the directory to watch may have come since the last.
    this.#unwatch();
    this.#watch = this.#options.watch(this.#options.sockets(), () => {
      this.#changed = true;
      if (this.#client === undefined && this.#connecting === undefined) {
        void this.#reach({ start: false }).catch(() => {});
      }
    });
  }

  #unwatch(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE)}… (${text.length} characters)`;
}
