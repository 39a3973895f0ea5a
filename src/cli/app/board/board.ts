import type { Pattern } from "../../../base/pattern.ts";
import { Buffer } from "node:buffer";
import process from "node:process";
import { callerEnvironment } from "../../../base/caller_environment.ts";
import { errorMessage } from "../../../base/errors.ts";
import { Disconnected } from "../../../channel/errors.ts";
import type { DaemonClient } from "../../../client/daemon_client.ts";
import type { DaemonEvent } from "../../../protocol/events.ts";
import { FullScreen } from "../../../ui/terminal/full_screen.ts";
import type { Input } from "../../../ui/terminal/keys.ts";
import type { Context } from "../../command.ts";
import { DAEMON_ENDED } from "../../daemon/keep_connected.ts";
import { LogFollow } from "../log_follow.ts";
import { LogPrinter } from "../log_printer.ts";
import type { Selection } from "../app_options.ts";
import { type BoardAction, BoardModel } from "./board_model.ts";
import { boardScreen } from "./board_screen.ts";
import { LogSource } from "./log_source.ts";

/** Milliseconds between looks at what the apps use, and the shortest between looks for any reason. */
const REFRESH_MS = 1_000;
const SOONEST_MS = 100;

/** What terminals take as a text for the clipboard, in bytes of base64. */
const MOST_COPIED = 74_994;

/** Lines that the plain log begins with. */
const PLAIN_LINES = 50;

/** How a person leaves the board. */
export type BoardEnd = "quit" | "detach";

export interface BoardOptions {
  selection: Selection;
  /** Quitting stops the apps. */
  owns: boolean;
  grep?: Pattern | undefined;
  timestamps?: boolean;
}

/**
 * Apps and their logs on the whole screen. It is a client of the daemon as any other, over one connection
 * after the other: {@link Board.attach} shows what another daemon has.
 */
export class Board implements AsyncDisposable {
  readonly #options: BoardOptions;
  readonly #context: Context;
  readonly #model: BoardModel;
  readonly #screen: FullScreen;
  readonly #plain: LogFollow;
  readonly #left = Promise.withResolvers<BoardEnd>();
  #daemon: DaemonClient | undefined;
  #source: LogSource | undefined;
  #refreshing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: BoardOptions, context: Context) {
    const { owns, selection, grep, timestamps = false } = options;
    const { stdout, signal } = context;
    this.#options = options;
    this.#context = context;
    this.#model = new BoardModel({ color: stdout.color, owns, timestamps });
    this.#plain = new LogFollow({
      selection,
      grep,
      printer: new LogPrinter(stdout, { json: false, timestamps }),
    });
    this.#screen = new FullScreen({
      draw: (text) => stdout.draw(text),
      render: (size) => boardScreen(this.#model, size),
      onInput: (input) => this.#onInput(input),
      onHangup: () => this.#left.resolve("quit"),
    });
    // Ctrl-C may come before anybody waits for the end.
    signal.addEventListener("abort", () => void this.#screen.leave(), { once: true });
  }

  /** Resolves when a person leaves. */
  get left(): Promise<BoardEnd> {
    return this.#left.promise;
  }

  /** Whether the whole screen is haft's; what is written then would be in its way. */
  get isDrawn(): boolean {
    return this.#screen.isDrawn;
  }

  /**
   * Shows what this daemon has, from now on.
   *
   * @throws {RequestError} when the selection is wrong
   */
  async attach(daemon: DaemonClient): Promise<void> {
    this.#daemon = daemon;
    this.#source = new LogSource(daemon, { sink: this.#sink(), grep: this.#options.grep });
    if (this.#model.message === DAEMON_ENDED) this.#model.message = "";
    daemon.onEvent((message) => this.#onEvent(message));
    await daemon.request("events.subscribe", { types: ["app.status_change", "app.process_started"] });
    await this.#refresh();
    this.#screen.enter();
    this.#showLog();
  }

  /** Says something in the bottom line. */
  say(text: string): void {
    this.#model.message = text;
    this.#screen.request();
  }

  /** The daemon has ended; another one may take its place. */
  lost(): void {
    clearTimeout(this.#refreshing);
    this.#daemon = undefined;
    this.#source = undefined;
    this.say(DAEMON_ENDED);
  }

  /** Gives the terminal back. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#refreshing);
    this.#daemon = undefined;
    await this.#screen.leave();
  }

  #sink() {
    const { buffer } = this.#model.log;
    return {
      push: (line: Parameters<typeof buffer.push>[0]) => {
        buffer.push(line);
        this.#screen.request();
      },
      replace: (lines: Parameters<typeof buffer.replace>[0]) => {
        buffer.replace(lines);
        this.#screen.request();
      },
    };
  }

  #onEvent(message: DaemonEvent): void {
    if (message.event === "app.log_line") {
      if (this.#screen.isDrawn) this.#source?.onEvent(message);
      else this.#plain.onEvent(message);
    } else if (message.event === "app.status_change" || message.event === "app.process_started") {
      this.#refreshIn(SOONEST_MS);
    }
  }

  /** Looks again soon, and then once a second: only while the board is to be seen. */
  #refreshIn(ms: number): void {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.#quietly(this.#refresh()), ms);
  }

  async #refresh(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    const { selection } = this.#options;
    const { apps } = await daemon.request("app.status", { ...selection, ports: true });
    if (this.#daemon !== daemon) return;
    const action = this.#model.update(apps);
    if (action !== undefined) this.#perform(action);
    this.#screen.request();
    if (this.#screen.isDrawn || this.#source !== undefined) this.#refreshIn(REFRESH_MS);
  }

  #onInput(input: Input): void {
    if (!this.#screen.isDrawn) return this.#onPlainInput(input);
    const action = this.#model.input(input);
    if (action !== undefined) this.#perform(action);
    this.#screen.request();
  }

  /** Beside a plain log, few keys have a meaning; Enter makes room, as at any terminal. */
  #onPlainInput(input: Input): void {
    if (input.type !== "key") return;
    if (input.key === "t") {
      this.#screen.showDrawn();
      this.#showLog();
    } else if (input.key === "enter") void this.#context.stdout.write("\n");
    else if (input.key === "ctrl+c") this.#perform({ type: "interrupt" });
    else if (input.key === "ctrl+z") this.#perform({ type: "suspend" });
  }

  #perform(action: BoardAction): void {
    switch (action.type) {
      case "interrupt":
        // As Ctrl-C does at a terminal that is not in raw mode.
        return this.#options.owns ? void process.kill(process.pid, "SIGINT") : this.#left.resolve("quit");
      case "quit":
      case "detach":
        return this.#left.resolve(action.type);
      case "suspend":
        return this.#screen.suspend();
      case "plain":
        return this.#quietly(this.#showPlain());
      case "log":
        return action.all ? this.#quietly(this.#source?.showWhole()) : this.#showLog();
      case "copy":
        return this.#copy(action);
      case "scale":
        return this.#quietly(this.#scale(action));
      default:
        return this.#quietly(this.#act(action));
    }
  }

  /** The log of the selected app, or of all. */
  #showLog(): void {
    const { selected, showsAll } = this.#model;
    const { selection } = this.#options;
    if (showsAll) return this.#quietly(this.#source?.show({ selection, subject: undefined }));
    if (selected === undefined) return;
    const { app, name } = selected;
    const choice = { selection: { root: app.root, names: [name] }, subject: app.name };
    this.#quietly(this.#source?.show(choice));
  }

  async #showPlain(): Promise<void> {
    const daemon = this.#daemon;
    this.#screen.showPlain();
    await this.#context.stderr.write("Press t for the board\n");
    if (daemon === undefined) return;
    this.#plain.hold();
    await this.#source?.show({ selection: this.#options.selection, subject: undefined });
    await this.#plain.past(daemon, { lines: PLAIN_LINES, follow: true });
  }

  async #act({ type, row }: Extract<BoardAction, { type: "start" | "stop" | "restart" }>): Promise<void> {
    const selection = { root: row.app.root, names: [row.name] };
    const env = callerEnvironment(this.#context.env);
    await this.#report(`${type} ${row.name}`, (daemon) => {
      if (type === "stop") return daemon.request("app.stop", selection);
      return daemon.request(type === "start" ? "app.start" : "app.restart", { ...selection, env });
    });
  }

  async #scale({ row: { app }, count }: Extract<BoardAction, { type: "scale" }>): Promise<void> {
    const params = {
      root: app.root,
      counts: { [app.name]: count },
      env: callerEnvironment(this.#context.env),
    };
    await this.#report(`scale ${app.name} to ${count}`, (daemon) => daemon.request("app.scale", params));
  }

  async #report(
    what: string,
    work: (daemon: DaemonClient) => Promise<{ outcomes: readonly { error: string | null }[] }>,
  ): Promise<void> {
    if (this.#daemon === undefined) return;
    this.say(`${what} …`);
    const { outcomes } = await work(this.#daemon);
    const failed = outcomes.find(({ error }) => error !== null);
    this.say(failed === undefined ? `${what}: done` : `${what}: ${failed.error}`);
    await this.#refresh();
  }

  #copy({ text, lines }: { text: string; lines: number }): void {
    const encoded = Buffer.from(text).toString("base64");
    if (encoded.length > MOST_COPIED) return this.say("That is more than a terminal takes");
    this.#screen.send(`\u001b]52;c;${encoded}\u0007`);
    this.say(`Copied ${lines === 1 ? "1 line" : `${lines} lines`}, where the terminal allows it`);
  }

  /** The board goes on without the answer; a connection that is lost ends it elsewhere. */
  #quietly(work: Promise<void> | undefined): void {
    work?.catch((error) => {
      if (!(error instanceof Disconnected)) this.say(errorMessage(error));
    });
  }
}
