/**
 * The life of one instance as a pure function: what it is and what happens give what it is next and what to
 * do. Every restart is decided here, so that backoff, `max_attempts` and `restart = "no"` hold whatever asks
 * for it.
 */
import { describeExit, type Exit, isCleanExit } from "../../process/exit.ts";
import type { AppConfig } from "../config/app_schema.ts";
import { type AppState, isDown } from "./app_state.ts";

export interface Life {
  readonly state: AppState;
  /** Why it is in this state, where there is more to say. */
  readonly reason: string | undefined;
  /** What follows when nothing of it is left; `decide` leaves that to how it ended. */
  readonly after: "decide" | "stay" | "start" | "retry" | "give_up";
  /** Restarts in a row: they make the pauses longer, and end at `max_attempts`. */
  readonly attempts: number;
  /** Restarts since a person last started it. */
  readonly restarts: number;
  /** Why it was last restarted. */
  readonly restartReason: string | undefined;
}

export const UNBORN: Life = {
  state: "stopped",
  reason: undefined,
  after: "decide",
  attempts: 0,
  restarts: 0,
  restartReason: undefined,
};

export type LifeEvent =
  /** A person, or its schedule, wants it to run. */
  | { type: "start"; reason?: string }
  /** A daemon goes on with a start that an earlier one had planned; the counts go on, too. */
  | { type: "resume" }
  /** A person wants it not to run. */
  | { type: "stop" }
  /** A person wants it stopped and started again. */
  | { type: "restart" }
  /** haft wants it stopped and started again: a health check, a limit, a changed file, its schedule. */
  | { type: "recycle"; reason: string }
  | { type: "spawned" }
  /** Its executable cannot be run, or its environment cannot be made: another attempt would fail as well. */
  | { type: "spawn_failed"; reason: string }
  | { type: "health_passed" }
  | { type: "health_failed"; reason: string }
  /** Its first process has ended, others of its tree have not. */
  | { type: "leader_exited"; exit: Exit }
  /** Nothing of it is left. */
  | { type: "gone"; exit: Exit }
  /** The pause before a restart is over. */
  | { type: "pause_over" }
  /** There is more to say about the state that it is in. */
  | { type: "note"; reason: string };

export type LifeEffect =
  /** Wait for its dependencies, then start a process. */
  | "launch"
  /** Start a process. */
  | "relaunch"
  /** Stop waiting for dependencies. */
  | "cancel_launch"
  /** Health checks, limits and watched files, from now on. */
  | "watch"
  | "unwatch"
  /** Stop the tree: signal, wait, SIGKILL. */
  | "stop_tree"
  /** Wait before the next attempt. */
  | "pause"
  | "cancel_pause"
  /** Forget the app. */
  | "remove";

export interface Step {
  readonly life: Life;
  /** In this order, after the new state was told. */
  readonly effects: readonly LifeEffect[];
  /** It failed, for this reason. */
  readonly crash?: string;
  /** What happens next, in the same moment. */
  readonly then?: LifeEvent;
}

export interface Circumstances {
  policy: Pick<AppConfig, "restart" | "backoff">;
  /** Milliseconds that it has been up, and healthy where it has a health check. */
  goodForMs: number;
}

/** An instance that was never started has no policy yet; none of its events asks for one. */
export const NO_POLICY = {
  restart: "no",
  backoff: { initial: 0, max: 0, multiplier: 1, jitter: 0, reset_after: Infinity, exhausted: "stop" },
} as const;

export function step(before: Life, event: LifeEvent, { policy, goodForMs }: Circumstances): Step {
  const life = goodForMs >= policy.backoff.reset_after ? { ...before, attempts: 0 } : before;
  switch (event.type) {
    case "start":
      return start(life, event.reason);
    case "resume":
      return isDown(life.state) ? to(life, "starting", ["launch"]) : same(life);
    case "stop":
      return stop(life);
    case "restart":
      return canStop(life) ? stopping(life, "start") : start(life, undefined);
    case "recycle":
      return recycle(life, event.reason, policy);
    case "spawned":
      return life.state === "starting" ? to(life, "running", ["watch"]) : same(life);
    case "spawn_failed":
      if (life.state !== "starting") return same(life);
      return { ...to(life, "crashed", ["cancel_launch"], event.reason), crash: event.reason };
    case "health_passed":
      return life.state === "running" || life.state === "unhealthy" ? to(life, "healthy") : same(life);
    case "health_failed":
      if (life.state !== "running" && life.state !== "healthy") return same(life);
      return to(life, "unhealthy", [], event.reason);
    case "leader_exited":
      if (!canStop(life)) return same(life);
      return stopping(life, "decide", `${describeExit(event.exit)}; the rest of its tree is being stopped`);
    case "gone":
      return gone(life, event.exit, policy);
    case "pause_over":
      return life.state === "backoff" ? to(life, "starting", ["relaunch"]) : same(life);
    case "note":
      return same({ ...life, reason: event.reason });
  }
}

function start(life: Life, reason: string | undefined): Step {
  const anew = { ...life, attempts: 0, restarts: 0, restartReason: undefined };
  if (isDown(life.state)) return to(anew, "starting", ["launch"], reason);
  if (life.state === "backoff") return to(anew, "starting", ["cancel_pause", "launch"], reason);
  return life.state === "stopping" ? same({ ...life, after: "start" }) : same(life);
}

function stop(life: Life): Step {
  if (canStop(life)) return stopping(life, "stay");
  if (life.state === "stopping") return same({ ...life, after: "stay" });
  return to(life, "stopped", life.state === "backoff" ? ["cancel_pause"] : []);
}

/** A restart that the policy does not allow leaves the app as it is, and says so. */
function recycle(life: Life, reason: string, { restart, backoff }: Circumstances["policy"]): Step {
  if (!canStop(life) || life.state === "starting") return same(life);
  if (restart === "no") return same({ ...life, reason: `${reason}; not restarted, since restart = "no"` });
  const exhausted = backoff.max_attempts !== undefined && life.attempts >= backoff.max_attempts;
  return stopping({ ...life, restartReason: reason }, exhausted ? "give_up" : "retry", reason);
}

/**
 * An end whose exit is unknown counts as a failure: an app that must run is rather restarted once too often.
 */
function gone(life: Life, exit: Exit, { restart, backoff }: Circumstances["policy"]): Step {
  if (isDown(life.state) || life.state === "backoff") return same(life);
  const watched = canStop(life) && life.state !== "starting" ? ["unwatch"] as const : [];
  switch (life.after) {
    case "stay":
      return to(life, "stopped", watched);
    case "start":
      return { ...to(life, "stopped", watched), then: { type: "start" } };
    case "retry":
      return retry(life, life.restartReason ?? describeExit(exit), watched);
    case "give_up":
      return giveUp(life, life.restartReason ?? describeExit(exit), watched, backoff);
    case "decide": {
      const reason = describeExit(exit);
      const clean = isCleanExit(exit);
      const crash = clean ? {} : { crash: reason };
      const wanted = restart === "always" || restart === "unless-stopped" ||
        (restart === "on-failure" && !clean);
      if (!wanted) return { ...to(life, clean ? "stopped" : "crashed", watched, reason), ...crash };
      return backoff.max_attempts !== undefined && life.attempts >= backoff.max_attempts
        ? { ...giveUp(life, reason, watched, backoff), ...crash }
        : { ...retry(life, reason, watched), ...crash };
    }
  }
}

function retry(life: Life, reason: string, effects: readonly LifeEffect[]): Step {
  const { attempts, restarts } = life;
  const counted = { ...life, attempts: attempts + 1, restarts: restarts + 1, restartReason: reason };
  return to(counted, "backoff", [...effects, "pause"], reason);
}

function giveUp(
  life: Life,
  reason: string,
  effects: readonly LifeEffect[],
  { exhausted }: AppConfig["backoff"],
): Step {
  return to(life, "exhausted", exhausted === "remove" ? [...effects, "remove"] : effects, reason);
}

function canStop({ state }: Life): boolean {
  return !isDown(state) && state !== "stopping" && state !== "backoff";
}

function stopping(life: Life, after: Life["after"], reason?: string): Step {
  const ending = life.state === "starting" ? "cancel_launch" : "unwatch";
  return to({ ...life, after }, "stopping", [ending, "stop_tree"], reason);
}

function to(life: Life, state: AppState, effects: readonly LifeEffect[] = [], reason?: string): Step {
  const after = state === "stopping" ? life.after : "decide";
  return { life: { ...life, state, after, reason: state === life.state ? life.reason : reason }, effects };
}

function same(life: Life): Step {
  return { life, effects: [] };
}
