import { codeOf } from "../../base/ending_signal.ts";
import { openProject } from "../../tools/project/project.ts";
import { dependencyTable } from "../../apps/config/parse_apps.ts";
import { appsThere } from "../../apps/unknown_app.ts";
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { startOrder } from "../../base/dependency_order.ts";
import { UsageError } from "../../base/errors.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { keepConnected } from "../daemon/keep_connected.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { SOCKET_FLAG } from "../daemon/endpoint.ts";
import { JSON_FLAG, textFlag } from "../flag_values.ts";
import { untilHangup } from "../hangup.ts";
import { LogFollow } from "./log_follow.ts";
import { patternFlag } from "./log_lines.ts";
import { LogPrinter } from "./log_printer.ts";
import type { Board } from "./board/board.ts";
import { whyNoBoard } from "./board/why_no_board.ts";
import { type AppOptions, parseAppOptions, type ProjectSelection } from "./app_options.ts";
import { checkApps, projectSelection } from "./selection.ts";
import { upDetached } from "./up_detached.ts";
import { UpFront } from "./up_front.ts";
import { boardView, plainView, type UpView } from "./up_view.ts";

export interface AppUpOptions extends AppOptions {
  /** Return when all are up, and leave them running. */
  detach: boolean;
  /** Of the apps that belong to profiles, only those of these start. */
  profiles: readonly string[];
  grep: string | undefined;
  timestamps: boolean;
  /** End with this app, and with its exit code. */
  exitOn: string | undefined;
  /** End with the first app that fails. */
  abortOnFailure: boolean;
  /** Whether to draw the board; undefined for wherever it can be drawn. */
  tui: boolean | undefined;
}

export const command: Command<AppUpOptions> = {
  usage: ["[NAME…]"],
  flags: [
    { name: "detach", short: "d", description: "Return when all are up, and leave them running" },
    { name: "profile", value: "NAMES", description: "Start apps of these profiles, too: dev,debug" },
    { name: "exit-on", value: "NAME", description: "Stop all when this app ends; its exit code is haft's" },
    { name: "abort-on-failure", description: "Stop all when one fails; its exit code is haft's" },
    { name: "tui", description: "Show the board, as it is usual on a terminal" },
    { name: "no-tui", description: "Print lines on a terminal, too" },
    { name: "grep", value: "RE", description: "Show only lines that match" },
    { name: "timestamps", short: "t", description: "Show when each line was written" },
    JSON_FLAG,
    SOCKET_FLAG,
  ],
  examples: ["haft app up", "haft app up -d web", "haft app up --profile dev"],
  completes: "apps",
  parse,
  async run(options, caller) {
    const { names, detach, profiles, exitOn, abortOnFailure, json, socket } = options;
    // A closed terminal ends what is in front, as Ctrl-C does.
    using over = detach ? undefined : untilHangup(caller.signal);
    const context = over === undefined ? caller : { ...caller, signal: over.signal };
    await offerTrust(context, { declared: true });
    if (names.length === 0) openProject(context.cwd, context).requireManifest();
    const target = projectSelection(names, context);
    const apps = checkApps(context);
    if (context.remote === undefined) requireKnown(options, apps);
    const client = "haft app";
    if (detach) {
      return await withDaemon(
        { socket, client },
        context,
        (daemon) => upDetached(daemon, { target, profiles, json }, context),
      );
    }
    const board = await boardFor(options, { target, context });
    await using view = board === undefined
      ? await linesFor(options, { target, context })
      : boardView(board, context);
    const front = new UpFront({
      target,
      profiles,
      dependencies: (named) => dependenciesOf(named, apps),
      view,
      exitOn,
      abortOnFailure,
      json,
    }, context);
    const code = await keepConnected(
      {
        socket,
        client,
        comeBack: "haft app up",
        ...(board === undefined ? {} : { onLost: () => board.lost() }),
      },
      context,
      (daemon, again) => front.run(daemon, again),
    );
    return codeOf(code, context.signal);
  },
};

interface Place {
  target: ProjectSelection;
  context: Context;
}

async function linesFor(
  { grep, timestamps, json }: AppUpOptions,
  { target, context }: Place,
): Promise<UpView> {
  const printer = new LogPrinter(context.stdout, { json, timestamps });
  return plainView(new LogFollow({ selection: target, grep: await patternFlag(grep), printer }), {
    json,
    context,
  });
}

/** The board, unless lines are wanted or nothing can be drawn on. */
async function boardFor(
  { tui, json, grep, timestamps }: AppUpOptions,
  { target, context }: Place,
): Promise<Board | undefined> {
  if (tui === false || json) return undefined;
  const why = whyNoBoard(context);
  if (why !== undefined) {
    if (tui === true) await context.stderr.write(`${why}: lines instead of the board\n`);
    return undefined;
  }
  const { Board } = await import("./board/board.ts");
  return new Board({ selection: target, owns: true, grep: await patternFlag(grep), timestamps }, context);
}

/** What the apps need, and what that needs in turn. An instance's name is its app's: `web:1`. */
function dependenciesOf(names: readonly string[], apps: ReadonlyMap<string, AppConfig>): string[] {
  const meant = names.map((name) => apps.has(name) ? name : name.replace(/:\d+$/, ""))
    .filter((name) => apps.has(name));
  return startOrder(meant, dependencyTable(apps)).filter((name) => !meant.includes(name));
}

/** @throws {UsageError} before anything starts, for an app or a profile that there is not */
function requireKnown({ exitOn, profiles }: AppUpOptions, apps: ReadonlyMap<string, AppConfig>): void {
  if (exitOn !== undefined && !apps.has(exitOn)) {
    throw new UsageError(`--exit-on names "${exitOn}", which is no app of this project`, {
      next: didYouMean(nearestNames(exitOn, [...apps.keys()])) ??
        appsThere([...apps.keys()]),
    });
  }
  const known = [...new Set([...apps.values()].flatMap((app) => app.profiles))];
  const unknown = profiles.find((profile) => !known.includes(profile));
  if (unknown === undefined) return;
  throw new UsageError(`No app of this project has the profile "${unknown}"`, {
    next: known.length === 0
      ? "[apps.NAME] has it under profiles"
      : didYouMean(nearestNames(unknown, known)) ?? `Profiles there: ${known.join(", ")}`,
  });
}

function parse(args: ParsedArgs): AppUpOptions {
  const options = {
    ...parseAppOptions(args),
    detach: args.flags.has("detach"),
    profiles: (textFlag(args, "profile") ?? "").split(",").map((name) => name.trim()).filter((name) =>
      name !== ""
    ),
    grep: textFlag(args, "grep"),
    timestamps: args.flags.has("timestamps"),
    exitOn: textFlag(args, "exit-on"),
    abortOnFailure: args.flags.has("abort-on-failure"),
    tui: args.flags.has("tui") ? true : args.flags.has("no-tui") ? false : undefined,
  };
  if (options.detach && (options.exitOn !== undefined || options.abortOnFailure)) {
    throw new UsageError("--exit-on and --abort-on-failure watch the apps, which --detach does not", {
      next: "Take --detach away",
    });
  }
  return options;
}
