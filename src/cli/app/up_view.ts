import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import type { Board, BoardEnd } from "./board/board.ts";
import type { LogFollow } from "./log_follow.ts";
import { untilEnd } from "./log_lines.ts";

/** What a person sees of the apps while `haft app up` is in front: lines, or the board. */
export interface UpView extends AsyncDisposable {
  /** Shows the apps over this connection. @param again others were shown over an earlier one */
  attach(daemon: DaemonClient, again: boolean): Promise<void>;
  /** Something happened to an app. */
  note(text: string): Promise<void>;
  /** Something went wrong that needs to be read. */
  complain(text: string): Promise<void>;
  /** Resolves when a person leaves by a key; with lines there is none. */
  readonly left: Promise<BoardEnd>;
  /** Resolves when the reader of stdout leaves or at Ctrl-C. @throws {Disconnected} when the daemon ends */
  untilEnd(daemon: DaemonClient): Promise<ExitCode>;
  /** Undefined for lines, which have told all that happened. */
  readonly closing: "summary" | undefined;
}

/** Lines, as they come. */
export function plainView(follow: LogFollow, { json, context }: { json: boolean; context: Context }): UpView {
  const { stderr, signal } = context;
  const style = createStyle(stderr.color);
  return {
    async attach(daemon, again) {
      if (again) follow.hold();
      daemon.onEvent((message) => follow.onEvent(message));
      await daemon.request("events.subscribe", { types: ["app.log_line"] }, { signal });
      if (again) await follow.catchUp(daemon);
    },
    async note(text) {
      if (!json) await stderr.write(style.dim(`${text}\n`));
    },
    complain: (text) => stderr.write(`${text}\n`),
    left: new Promise(() => {}),
    untilEnd: (daemon) => untilEnd(daemon, context),
    closing: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The whole screen, which shows states by itself. */
export function boardView(board: Board, { signal }: Context): UpView {
  return {
    attach: (daemon) => board.attach(daemon),
    note: () => Promise.resolve(),
    complain(text) {
      board.say(text);
      return Promise.resolve();
    },
    left: board.left,
    async untilEnd(daemon) {
      const ended = Promise.withResolvers<ExitCode>();
      void daemon.closed.then(() => ended.reject(new Disconnected("The daemon closed the connection")));
      signal.addEventListener("abort", () => ended.resolve(ExitCode.interrupted), { once: true });
      return await ended.promise;
    },
    closing: "summary",
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}
