import * as vscode from "vscode";
import type { DaemonEvent, Result } from "../../../../src/client/mod.ts";
import { failureText } from "../model/failure.ts";
import type { App } from "../model/project.ts";
import type { Workspace } from "./workspace.ts";

type Line = Result<"app.logs">["lines"][number];

const LINES_SHOWN = 1_000;

/** Logs of apps in terminals that follow. Lines are subscribed to only while one is open. */
export class AppLogs implements vscode.Disposable {
  readonly #workspace: Workspace;
  /** `ROOT NAME` → its terminal. */
  readonly #open = new Map<string, vscode.Terminal>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  show(app: App): void {
    const key = `${app.root} ${app.name}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known.show();
    const pty = new LogTerminal(this.#workspace, app, () => this.#open.delete(key));
    const terminal = vscode.window.createTerminal({
      name: `haft: ${app.name}`,
      pty,
      iconPath: new vscode.ThemeIcon("output"),
    });
    this.#open.set(key, terminal);
    terminal.show();
  }

  dispose(): void {
    for (const terminal of this.#open.values()) terminal.dispose();
  }
}

class LogTerminal implements vscode.Pseudoterminal {
  readonly #workspace: Workspace;
  readonly #app: App;
  readonly #onClosed: () => void;
  readonly #written = new vscode.EventEmitter<string>();
  readonly onDidWrite: vscode.Event<string> = this.#written.event;
  readonly #subscriptions: vscode.Disposable[] = [];
  #subscriptionId: string | undefined;

  constructor(workspace: Workspace, app: App, onClosed: () => void) {
    this.#workspace = workspace;
    this.#app = app;
    this.#onClosed = onClosed;
  }

  open(): void {
    this.#subscriptions.push(
      this.#workspace.onEvent((event) => this.#onEvent(event)),
      // A new connection has no subscriptions; what was missed is read from the log.
      this.#workspace.onDidChangeState(({ state }) => {
        if (state === "connected") void this.#follow();
        if (state === "absent") {
          this.#note("the daemon is not running; the log goes on with the next");
        }
      }),
    );
    void this.#follow();
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    if (this.#subscriptionId !== undefined) {
      const subscription_id = this.#subscriptionId;
      void this.#workspace.link.ask("events.unsubscribe", { subscription_id }).catch(() => {});
    }
    this.#onClosed();
  }

  /** The subscription first: with `follow`, no line is missed or shown twice. */
  async #follow(): Promise<void> {
    const { name, root } = this.#app;
    try {
      const { subscription_id } = await this.#workspace.link.request("events.subscribe", {
        types: ["app.log_line", "app.log_skipped"],
        subject: name,
      });
      this.#subscriptionId = subscription_id;
      const { lines } = await this.#workspace.link.request("app.logs", {
        root,
        names: [name],
        lines: LINES_SHOWN,
        follow: true,
      });
      this.#written.fire("\x1b[2J\x1b[3J\x1b[H");
      for (const line of lines) this.#write(line);
    } catch (error) {
      this.#written.fire(`\x1b[31m${failureText(error)}\x1b[0m\r\n`);
    }
  }

  #onEvent({ event, data }: DaemonEvent): void {
    if (event === "app.log_line" && this.#isOwn(data)) this.#write(data);
    if (event === "app.log_skipped" && this.#isOwn(data)) {
      this.#note(`${data.bytes} bytes are in the log file alone`);
    }
  }

  #note(text: string): void {
    this.#written.fire(`\x1b[2m… ${text}\x1b[0m\r\n`);
  }

  #isOwn({ app, root }: { app: string; root: string }): boolean {
    return app === this.#app.name && root === this.#app.root;
  }

  #write({ line, stream, instance, partial }: Pick<Line, "line" | "stream" | "instance" | "partial">): void {
    const which = this.#app.instances.length > 1 ? `\x1b[2m${instance} \x1b[0m` : "";
    const text = stream === "stderr" ? `\x1b[33m${line}\x1b[0m` : line;
    this.#written.fire(`${which}${text}${partial ? "" : "\r\n"}`);
  }
}
