import process from "node:process";
import { emitKeypressEvents } from "node:readline";
import { errorMessage, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { Disconnected } from "../../channel/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { createStyle } from "../../ui/style.ts";
import { terminalText } from "../../ui/terminal_text.ts";
import type { Command, Context } from "../command.ts";
import { SOCKET_FLAG } from "../daemon/endpoint.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { lineOf } from "./log_lines.ts";
import { type AppOptions, parseAppOptions, type Selection, selectionOf } from "./selection.ts";
import { shownApps, topScreen, type TopView } from "./top_view.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const MOST_LINES = 500;
const REFRESH_MS = 1_000;
/** Milliseconds between two drawings. */
const FRAME_MS = 40;

export const command: Command<AppOptions> = {
  usage: ["[NAME…|all]"],
  flags: [SOCKET_FLAG],
  completes: "apps",
  parse: parseAppOptions,
  run({ names, socket }, context) {
    const selection = selectionOf(names, context);
    requireScreen(context);
    // One view for all connections, so that a restart of the daemon changes nothing that was chosen.
    const view: TopView = { apps: [], selected: undefined, log: [], filter: "", typing: false, message: "" };
    return keepConnected(
      { socket, client: "haft app", comeBack: `haft app top ${names.join(" ")}`.trimEnd() },
      context,
      (daemon) => top(daemon, { selection, view }, context),
    );
  },
};

interface Key {
  name?: string;
  sequence?: string;
  ctrl?: boolean;
}

/** @throws {UsageError} where there is no terminal that can be drawn on */
function requireScreen({ stdout, env }: Context): void {
  const next = 'Elsewhere, use "haft app status --json"';
  if (!stdout.isTTY || !process.stdin.isTTY) throw new UsageError("haft app top needs a terminal", { next });
  if (env["TERM"] === "dumb") throw new UsageError("haft app top cannot draw on a dumb terminal", { next });
}

/**
 * Shows the apps and the selected one's log on a full screen, and leaves the terminal as it was.
 *
 * @throws {Disconnected} when the daemon ends
 */
async function top(
  daemon: DaemonClient,
  { selection, view }: { selection: Selection; view: TopView },
  context: Context,
): Promise<ExitCode> {
  const { stdout, signal } = context;
  const { stdin } = process;
  const style = createStyle(stdout.color);
  const ended = Promise.withResolvers<ExitCode>();
  let frame: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    frame ??= setTimeout(() => {
      frame = undefined;
      const size = { columns: stdout.columns, rows: process.stdout.rows ?? 24 };
      const lines = topScreen(view, { ...size, style }).map((line) =>
        `${terminalText(line, { color: stdout.color })}\x1b[K`
      );
      void stdout.draw(`\x1b[H${lines.join("\r\n")}`);
    }, FRAME_MS);
  };
  const refresh = async () => {
    const { apps } = await daemon.request("app.status", selection);
    view.apps = apps;
    if (!shownApps(view).some(({ name }) => name === view.selected)) await select(shownApps(view)[0]?.name);
    draw();
  };
  const select = async (name: string | undefined) => {
    view.selected = name;
    view.log = [];
    draw();
    if (name === undefined) return;
    const { lines } = await daemon.request("app.logs", {
      ...selection,
      names: [name],
      lines: MOST_LINES,
    });
    if (view.selected === name) view.log = [...lines.map(({ line }) => line), ...view.log];
    draw();
  };
  const act = async (action: "start" | "stop" | "restart") => {
    const name = view.selected;
    const app = view.apps.find((one) => one.name === name);
    if (name === undefined || app === undefined) return;
    view.message = `${action} ${name} …`;
    draw();
    const { outcomes } = await daemon.request(`app.${action}`, { root: app.root, names: [name] });
    view.message = outcomes.map(({ error }) => error).find((error) => error !== null) ?? "";
    await refresh();
  };
  const quietly = (work: Promise<void>) => {
    work.catch((error) => {
      view.message = errorMessage(error);
      draw();
    });
  };
  const onKey = (text: string | undefined, key: Key) => {
    if (key.ctrl === true && key.name === "c") return ended.resolve(ExitCode.ok);
    if (view.typing) return typeFilter(text ?? "", key);
    view.message = "";
    switch (key.name) {
      case "q":
      case "escape":
        return ended.resolve(ExitCode.ok);
      case "up":
      case "k":
        return quietly(move(-1));
      case "down":
      case "j":
        return quietly(move(1));
      case "s":
        return quietly(act("start"));
      case "x":
        return quietly(act("stop"));
      case "r":
        return quietly(act("restart"));
    }
    if (text === "/") view.typing = true;
    draw();
  };
  const typeFilter = (text: string, key: Key) => {
    if (key.name === "return" || key.name === "escape") {
      view.typing = false;
      if (key.name === "escape") view.filter = "";
    } else if (key.name === "backspace") view.filter = view.filter.slice(0, -1);
    else if (text.length === 1 && text >= " ") view.filter += text;
    quietly(refresh());
  };
  const move = async (by: number) => {
    const apps = shownApps(view);
    const at = apps.findIndex(({ name }) => name === view.selected);
    await select(apps[Math.max(0, Math.min(apps.length - 1, at + by))]?.name);
  };

  daemon.onEvent((message) => {
    const line = view.selected === undefined
      ? undefined
      : lineOf(message, { selection: { ...selection, names: [view.selected] } });
    if (line !== undefined) {
      view.log = [...view.log, line.line].slice(-MOST_LINES);
      draw();
    } else if (message.event === "app.status_change") quietly(refresh());
  });
  await daemon.request("events.subscribe", { types: ["app.log_line", "app.status_change"] });
  await refresh();
  // Of an earlier connection: what was written in between is read anew.
  await select(view.selected);
  const timer = setInterval(() => quietly(refresh()), REFRESH_MS);
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on("keypress", onKey);
  process.stdout.on("resize", draw);
  signal.addEventListener("abort", () => ended.resolve(ExitCode.interrupted), { once: true });
  void daemon.closed.then(() => ended.reject(new Disconnected("The daemon closed the connection")));
  await stdout.draw(ENTER);
  draw();
  try {
    return await ended.promise;
  } finally {
    clearInterval(timer);
    clearTimeout(frame);
    stdin.off("keypress", onKey);
    process.stdout.off("resize", draw);
    stdin.setRawMode(false);
    stdin.pause();
    await stdout.draw(LEAVE);
  }
}
