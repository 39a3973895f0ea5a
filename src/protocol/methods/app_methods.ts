import * as v from "valibot";
import { defineMethod } from "./define.ts";
import { AbsolutePath, Environment, Word } from "./words.ts";

/** The states of an app, and of each of its instances. */
export const AppState = v.picklist([
  "stopped",
  "starting",
  "running",
  "healthy",
  "unhealthy",
  "stopping",
  "crashed",
  "backoff",
  "exhausted",
]);
export type AppState = v.InferOutput<typeof AppState>;

const Name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(300));

/**
 * Which apps are meant. `root` is the project's directory, `cwd` any directory in it; without both, apps of
 * every project are meant. Without `names`, all of them.
 */
const selection = {
  cwd: v.optional(AbsolutePath),
  root: v.optional(v.pipe(Word, v.nonEmpty(), v.maxLength(4_096))),
  names: v.optional(v.pipe(v.array(Name), v.maxLength(1_000)), []),
};
const Selection = v.strictObject(selection);
const NO_PROJECT = "names no project: give cwd or root";
const ProjectSelection = v.pipe(
  Selection,
  v.check(({ cwd, root }) => cwd !== undefined || root !== undefined, NO_PROJECT),
);

/** One process of an app. Times are milliseconds since 1970, durations seconds. */
export const AppInstance = v.object({
  /** 0 for the first. */
  instance: v.number(),
  state: AppState,
  /** Why it is in this state, where there is more to say. */
  reason: v.nullable(v.string()),
  pid: v.nullable(v.number()),
  started_at: v.nullable(v.number()),
  uptime_secs: v.nullable(v.number()),
  /** Restarts by haft since a person last started it. */
  restarts: v.number(),
  /** Why it was last restarted; null when it was not. */
  restart_reason: v.nullable(v.string()),
  /** Null while it runs, and when it is unknown. */
  exit_code: v.nullable(v.number()),
  exit_signal: v.nullable(v.string()),
  /** Null until it was measured. 100 is one core. */
  cpu_percent: v.nullable(v.number()),
  memory_bytes: v.nullable(v.number()),
  /**
   * The TCP ports that its processes listen on; null unless they were asked for, and where the system does
   * not say.
   */
  ports: v.nullable(v.array(v.number())),
  /** What it finds in `PORT`; null where its manifest says nothing of it. */
  port: v.nullable(v.number()),
  /** Where its output goes. */
  stdout_log: v.string(),
  stderr_log: v.string(),
  /** Files of its manifest that the output is copied to. */
  log_files: v.array(v.string()),
});
export type AppInstance = v.InferOutput<typeof AppInstance>;

export const AppStatus = v.object({
  name: v.string(),
  /** The project's directory. */
  root: v.string(),
  /** The worst of its instances' states. */
  state: AppState,
  /** What is wanted: that it runs, or that it does not. */
  desired: v.picklist(["running", "stopped"]),
  command: v.array(v.string()),
  /** Where it runs; null when its command is not known. */
  cwd: v.nullable(v.string()),
  /** Whether `app.up` starts it without being given its name. */
  autostart: v.boolean(),
  restart_policy: v.string(),
  /** Restarts in a row; null: without end. */
  max_attempts: v.nullable(v.number()),
  /** Bytes, and percent of one core; null: as much as there is. */
  limits: v.object({ memory: v.nullable(v.number()), cpu_percent: v.nullable(v.number()) }),
  depends_on: v.record(v.string(), v.string()),
  /** The names of the variables that it sets, without their values. */
  env_names: v.array(v.string()),
  /** Whether it has a health check. */
  health_check: v.boolean(),
  /** When its schedule starts it next, in milliseconds since 1970; null without a schedule. */
  next_run: v.nullable(v.number()),
  /**
   * The hosts of the fleet that may run it; null: this machine alone. `instances` are those that run here.
   */
  hosts: v.nullable(v.string()),
  /** Not in the manifest: the client that started it gave the command. */
  adhoc: v.boolean(),
  /** What its last start took up that the one before did not have: `command`, `env.PORT`. */
  changed: v.array(v.string()),
  /** What the manifest says now that its running process does not have yet. */
  pending: v.array(v.string()),
  instances: v.array(AppInstance),
});
export type AppStatus = v.InferOutput<typeof AppStatus>;

/** What became of one app that an action was for. */
const Outcome = v.object({
  name: v.string(),
  root: v.string(),
  error: v.nullable(v.string()),
  /** What a person can do about the error. */
  next: v.optional(v.string()),
});
export type AppOutcome = v.InferOutput<typeof Outcome>;

const ActionResult = v.object({ apps: v.array(AppStatus), outcomes: v.array(Outcome) });

export const AppLogLine = v.object({
  app: v.string(),
  root: v.string(),
  instance: v.number(),
  stream: v.picklist(["stdout", "stderr"]),
  /** Bytes that are not UTF-8 are shown as `\xNN`. */
  line: v.string(),
  /** Milliseconds since 1970, to within 50 ms, a second where it is old; null when it is not known. */
  time: v.nullable(v.number()),
  /** The line goes on in the next entry: it was longer than 64 KiB. */
  partial: v.boolean(),
});
export type AppLogLine = v.InferOutput<typeof AppLogLine>;

/** An event of an `app.logs` request that is `paged`: lines older than those of the answer. */
export const LOG_PAGE_EVENT = "app.log_page";
export const LogPage = v.object({ lines: v.array(AppLogLine) });

export const appMethods = {
  "app.start": defineMethod({
    summary: "Starts apps, and what they depend on; `config` starts one that no manifest has",
    params: v.strictObject({
      ...selection,
      /** The content of an `[apps.NAME]`, for the one app in `names`. */
      config: v.optional(v.record(v.string(), v.unknown())),
      /** The fleet's own request, for an app with `hosts`: this host has the lease of a copy. */
      placed: v.optional(v.boolean(), false),
      env: Environment,
    }),
    result: ActionResult,
    long: true,
  }),
  "app.stop": defineMethod({
    summary: "Stops apps, dependents first; answers when none of their processes is left",
    params: v.strictObject({
      ...selection,
      /** Milliseconds after which what is left is killed, whatever the apps' `stop_timeout` says. */
      within_ms: v.optional(v.pipe(v.number(), v.minValue(0))),
    }),
    result: ActionResult,
    long: true,
  }),
  "app.restart": defineMethod({
    summary: "Stops apps and starts them with the manifest's present configuration",
    params: v.strictObject({ ...selection, env: Environment }),
    result: ActionResult,
    long: true,
  }),
  "app.reload": defineMethod({
    summary: "Restarts apps instance by instance, with a new one ready before one that runs ends",
    params: v.strictObject({ ...selection, env: Environment }),
    result: ActionResult,
    long: true,
  }),
  "app.scale": defineMethod({
    summary: "Gives apps so many instances until they are stopped; `counts` has the number by name",
    params: v.strictObject({
      cwd: selection.cwd,
      root: selection.root,
      counts: v.record(
        v.string(),
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(256)),
      ),
      env: Environment,
    }),
    result: ActionResult,
    long: true,
  }),
  "app.delete": defineMethod({
    summary: "Stops apps and forgets them; their logs stay unless `logs` is true",
    params: v.strictObject({ ...selection, logs: v.optional(v.boolean(), false) }),
    result: v.object({ outcomes: v.array(Outcome) }),
    long: true,
  }),
  "app.status": defineMethod({
    summary: "The state of apps, including those of the manifest that were never started",
    params: v.strictObject({
      ...selection,
      /** Looks for the ports that each listens on, too. */
      ports: v.optional(v.boolean(), false),
    }),
    result: v.object({ apps: v.array(AppStatus) }),
  }),
  "app.list": defineMethod({
    summary: "The names of the apps that are known",
    params: v.strictObject({ cwd: selection.cwd, root: selection.root }),
    result: v.object({ apps: v.array(v.object({ name: v.string(), root: v.string(), state: AppState })) }),
  }),
  "app.logs": defineMethod({
    summary:
      "The last lines of apps; `app.log_line` events follow on. `omitted` older ones do not fit into a message; `paged`, they come before the answer, as `app.log_page` events with `{ lines }`",
    params: v.strictObject({
      ...selection,
      lines: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000)), 100),
      /** Milliseconds since 1970. */
      since: v.optional(v.number()),
      /** A regular expression. */
      grep: v.optional(v.pipe(v.string(), v.maxLength(1_000))),
      stream: v.optional(v.picklist(["stdout", "stderr"])),
      /** Only lines that were events already: with a subscription, the lines after them come as events. */
      follow: v.optional(v.boolean(), false),
      paged: v.optional(v.boolean(), false),
    }),
    result: v.object({ lines: v.array(AppLogLine), omitted: v.number() }),
    // A search for what is seldom or never there reads every byte that was kept.
    long: true,
  }),
  "app.up": defineMethod({
    summary:
      "Starts a project's apps in the order of their dependencies; answers when all are up and healthy",
    params: v.pipe(
      v.strictObject({
        ...selection,
        env: Environment,
        /** Of the apps that belong to profiles, only those of these start. */
        profiles: v.optional(v.pipe(v.array(Name), v.maxLength(100)), []),
      }),
      v.check(({ cwd, root }) => cwd !== undefined || root !== undefined, NO_PROJECT),
    ),
    result: ActionResult,
    long: true,
  }),
  "app.down": defineMethod({
    summary: "Stops a project's apps in the reverse order of their dependencies",
    params: ProjectSelection,
    result: ActionResult,
    long: true,
  }),
  "app.save": defineMethod({
    summary: "Saves the list of running apps; an empty list replaces another only with `force`",
    params: v.strictObject({ force: v.optional(v.boolean(), false) }),
    result: v.object({ path: v.string(), apps: v.array(v.object({ name: v.string(), root: v.string() })) }),
  }),
  "app.restore": defineMethod({
    summary: "Starts the apps of the saved list",
    params: v.strictObject({}),
    result: ActionResult,
    long: true,
  }),
} as const;
