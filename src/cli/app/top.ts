import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Command, Context } from "../command.ts";
import { SOCKET_FLAG } from "../daemon/endpoint.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { Board } from "./board/board.ts";
import { whyNoBoard } from "./board/why_no_board.ts";
import { type AppOptions, parseAppOptions } from "./app_options.ts";
import { selectionOf } from "./selection.ts";

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: [SOCKET_FLAG],
  completes: "apps",
  parse: parseAppOptions,
  async run({ names, everyProject, socket }, context) {
    const selection = selectionOf({ names, everyProject }, context);
    const why = whyNoBoard(context);
    if (why !== undefined) {
      throw new UsageError(`haft app top needs a whole screen: ${why}`, {
        next: 'Elsewhere, use "haft app status --json"',
      });
    }
    // One board for all connections, so that a restart of the daemon changes nothing that was chosen.
    await using board = new Board({ selection, owns: false }, context);
    return await keepConnected(
      {
        socket,
        client: "haft app",
        comeBack: `haft app top ${names.join(" ")}`.trimEnd(),
        onLost: () => board.lost(),
      },
      context,
      (daemon) => watch(board, daemon, context),
    );
  },
};

/** @throws {Disconnected} when the daemon ends */
async function watch(board: Board, daemon: DaemonClient, { signal }: Context): Promise<ExitCode> {
  const ended = Promise.withResolvers<ExitCode>();
  void board.left.then(() => ended.resolve(ExitCode.ok));
  void daemon.closed.then(() => ended.reject(new Disconnected("The daemon closed the connection")));
  signal.addEventListener("abort", () => ended.resolve(ExitCode.interrupted), { once: true });
  const [code] = await Promise.all([ended.promise, board.attach(daemon)]);
  return code;
}
