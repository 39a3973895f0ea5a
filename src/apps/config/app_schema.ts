import { availableParallelism } from "node:os";
import * as v from "valibot";
import { NO_NUL } from "../../base/no_nul.ts";
import { patternProblem } from "../../base/pattern.ts";
import {
  Backoff,
  ByteSize,
  Command,
  Count,
  Duration,
  Shell,
  Text,
  Variable,
  VariableName,
} from "../../process/config/process_schema.ts";
import { HostSelectionText } from "../../tools/manifest/host_selector.ts";

const TextList = v.union([v.pipe(Text, v.transform((text) => [text])), v.array(Text)]);

const Address = v.pipe(v.string(), v.regex(/^https?:\/\//, 'an address such as "http://localhost:8080/"'));
const HttpTarget = v.strictObject({
  url: Address,
  expected_status: v.optional(v.pipe(v.number(), v.integer("a whole number"))),
});
const PortNumber = v.pipe(
  v.number(),
  v.integer("a port"),
  v.minValue(1, "a port"),
  v.maxValue(65_535, "a port"),
);
/** `HOST:PORT`; variables are filled in when it is asked. */
const TcpTarget = v.union([
  v.pipe(PortNumber, v.transform((port) => `127.0.0.1:${port}`)),
  v.pipe(
    v.string(),
    v.regex(/^(.+:(\d{1,5}|\$.+)|\$.+)$/, '"HOST:PORT"'),
  ),
]);

/** A check, with what follows when the app is unhealthy by it. */
function healthCheck<const Action extends "report" | "restart">(action: Action) {
  return v.pipe(
    v.strictObject({
      http: v.optional(
        v.union([
          v.pipe(Address, v.transform((url) => ({ url }))),
          HttpTarget,
        ]),
      ),
      tcp: v.optional(TcpTarget),
      exec: v.optional(Command),
      /** A regular expression; the app is healthy from the first line that matches. */
      log_line: v.optional(
        v.pipe(Text, v.check(isPattern, "a regular expression, without look-around and back references")),
      ),
      interval: v.optional(Duration, "10s"),
      timeout: v.optional(Duration, "5s"),
      /** Failures in a row that make it unhealthy. */
      retries: v.optional(Count, 3),
      /** Successes in a row that make it healthy. */
      successes: v.optional(Count, 1),
      /** Failures do not count for so long after the start. */
      start_period: v.optional(Duration, "0s"),
      /** What is done about an app that became unhealthy. */
      action: v.optional(v.picklist(["report", "restart"]), action),
    }),
    v.check(
      ({ http, tcp, exec, log_line }) =>
        [http, tcp, exec, log_line].filter((probe) => probe !== undefined).length === 1,
      "a table with one of http, tcp, exec and log_line",
    ),
  );
}

const LogTable = v.strictObject({
  /** Files that its output is copied to: both streams, or one; below the project's directory. */
  file: v.optional(Text),
  stdout: v.optional(Text),
  stderr: v.optional(Text),
  /** Of these files. */
  format: v.optional(v.picklist(["text", "json"], '"text" or "json"'), "text"),
  /** Whether a line of text begins with its time. */
  timestamps: v.optional(v.boolean(), false),
  max_size: v.optional(ByteSize, "10MiB"),
  /** Files in all, the current one included. */
  keep: v.optional(v.pipe(Count, v.maxValue(1_000, "1000 or less")), 5),
});

const PORT_WORDS = 'a port, "auto" or a range such as "3000-3999"';
/** Ports of which each instance gets one; a number is the same for all instances. */
const Port = v.union([
  PortNumber,
  v.pipe(v.literal("auto"), v.transform(() => ({ from: 20_000, to: 29_999 }))),
  v.pipe(
    v.string(),
    v.regex(/^\d{1,5}-\d{1,5}$/, PORT_WORDS),
    v.transform((text) => {
      const [from = 0, to = 0] = text.split("-").map(Number);
      return { from, to };
    }),
    v.check(({ from, to }) => from >= 1 && from <= to && to <= 65_535, PORT_WORDS),
  ),
]);

const Condition = v.picklist(["started", "healthy", "completed"]);

/** App → what it waits for; a list of names waits until they are started. */
const DependsOn = v.union([
  v.pipe(
    v.array(Text),
    v.transform((names): Record<string, v.InferOutput<typeof Condition>> =>
      Object.fromEntries(names.map((name) => [name, "started" as const]))
    ),
  ),
  v.record(Text, Condition),
]);

/** What is watched; `!` excludes. A list is its `paths`. */
const Watch = v.pipe(
  v.union([
    v.pipe(TextList, v.transform((paths) => ({ paths, ignore: [], delay: 200 }))),
    v.strictObject({
      paths: TextList,
      ignore: v.optional(TextList, []),
      /** Without a further change, before the restart. */
      delay: v.optional(Duration, "200ms"),
    }),
  ]),
  v.transform(({ paths, ignore, delay }) => ({
    paths: paths.filter((path) => !path.startsWith("!")),
    ignore: [...ignore, ...paths.filter((path) => path.startsWith("!")).map((path) => path.slice(1))],
    delay,
  })),
);

/** One `[apps.NAME]`. Its output has milliseconds, bytes and lists of words, and is plain JSON. */
export const AppTable = v.strictObject({
  /** A text that a shell runs, or a list of words. */
  command: Command,
  /** The shell of a text; `[settings] shell` by default. */
  shell: v.optional(Shell),
  args: v.optional(v.array(v.pipe(v.string(), NO_NUL)), []),
  /** Below the project's directory; that itself by default. */
  cwd: v.optional(Text, "."),
  env: v.optional(v.record(VariableName, Variable), {}),
  /**
   * Files of variables, later ones over earlier ones, `env` over all; left out, `.env` where there is one.
   */
  env_file: v.optional(TextList),
  /** What it finds in `PORT`. */
  port: v.optional(Port),
  /**
   * Whether `app.up` without names starts it; left out, it does, but an app that its schedule starts waits
   * for that. With `false`, its schedule is not kept either.
   */
  autostart: v.optional(v.boolean()),
  restart: v.optional(v.picklist(["no", "always", "on-failure", "unless-stopped"]), "on-failure"),
  backoff: v.optional(Backoff, {}),
  stop_signal: v.optional(
    v.pipe(v.string(), v.regex(/^SIG[A-Z0-9]+$/, 'a signal such as "SIGTERM"')),
    "SIGTERM",
  ),
  /** Until SIGKILL. */
  stop_timeout: v.optional(Duration, "10s"),
  /** Stops it instead of the signal. */
  stop_command: v.optional(Command),
  /** Run before and after a start and a stop, in its directory and environment. */
  pre_start: v.optional(Command),
  post_start: v.optional(Command),
  pre_stop: v.optional(Command),
  post_stop: v.optional(Command),
  /** The command puts itself into the background: this file then has the number of the process. */
  pid_file: v.optional(Text),
  depends_on: v.optional(DependsOn, {}),
  /** Whether it is ready: its state says so, and others wait for it. */
  health: v.optional(healthCheck("report")),
  /** Whether it still works: one that does not is restarted. */
  liveness: v.optional(healthCheck("restart")),
  instances: v.optional(
    v.union([
      v.pipe(Count, v.maxValue(256, "256 or less")),
      v.pipe(v.literal("max"), v.transform(() => Math.min(256, availableParallelism()))),
    ]),
    1,
  ),
  /** `haft app up` starts it only with one of these; none: always. */
  profiles: v.optional(TextList, []),
  limits: v.optional(
    v.strictObject({
      /** Of the whole process tree. */
      memory: v.optional(ByteSize),
      /** 100 is one core. */
      cpu_percent: v.optional(v.pipe(v.number(), v.minValue(1, "1 or more"))),
      /** What follows when it is more for five seconds; `report` by default. */
      cpu_action: v.optional(v.picklist(["report", "restart"], '"report" or "restart"')),
    }),
    {},
  ),
  /** How much of its output is kept, and files that it is copied to; a text is such a file. */
  log: v.optional(
    v.union([v.pipe(Text, v.transform((file) => v.parse(LogTable, { file }))), LogTable]),
    {},
  ),
  /** Files, directories and globs below the project's directory; a change restarts the app. */
  watch: v.optional(Watch, []),
  /** A cron expression: what `schedule_action` says is done then. */
  schedule: v.optional(Text),
  /** Of its times; the system's by default. */
  schedule_timezone: v.optional(Text),
  /** `start` leaves an app alone that runs; `restart` restarts it. */
  schedule_action: v.optional(v.picklist(["start", "restart"]), "start"),
  uid: v.optional(v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "0 or more"))),
  gid: v.optional(v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "0 or more"))),
  /** Hosts of the fleet that may run it; without, it is this machine's alone. */
  hosts: v.optional(HostSelectionText),
  /** On how many of these hosts it runs; one by default. */
  replicas: v.optional(
    v.union([
      v.pipe(Count, v.maxValue(256, "256 or less")),
      v.literal("all"),
    ], 'a number or "all"'),
  ),
  /**
   * What a host does that the fleet has lost: `stop` its copy before another host may begin, or `keep` it
   * running, so that there may be two until the host is back.
   */
  on_lost: v.optional(v.picklist(["stop", "keep"], '"stop" or "keep"')),
});

/** What an app is, checked, with every default filled in. */
export type AppConfig = v.InferOutput<typeof AppTable>;
/** A text for a shell, or a list of words. */
export type AppCommand = v.InferOutput<typeof Command>;
export type HealthConfig = NonNullable<AppConfig["health"]>;

function isPattern(text: string): boolean {
  return patternProblem(text) === undefined;
}

/** Whether an app begins with the project's, rather than at the next time of its schedule. */
export function startsAtOnce({ autostart, schedule, schedule_action: action }: AppConfig): boolean {
  return autostart ?? (schedule === undefined || action === "restart");
}
