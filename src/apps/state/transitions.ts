/**
 * The life of one process of an app as a table: what an event does in a state, and nothing else does. A pair that is not in
 * the table leaves everything as it is, so that an event that comes too late does no harm.
 */
import type { AppState } from "../../protocol/methods/app_methods.ts";

export type { AppState } from "../../protocol/methods/app_methods.ts";

export type AppEvent =
  /** It shall run. */
  | "start"
  /** It shall not run. */
  | "stop"
  /** It shall be stopped and started again: a limit, a changed file, a health check that says so. */
  | "recycle"
  | "spawned"
  /** Its executable cannot be run, or its environment cannot be made. No restart would change that. */
  | "spawn_failed"
  | "health_passed"
  | "health_failed"
  /** Its first process has ended, and others of its tree have not. */
  | "leader_exited"
  /** Nothing of it is left, and nothing shall follow. */
  | "ended"
  /** Nothing of it is left, it failed, and its restart policy leaves it so. */
  | "failed"
  /** Nothing of it is left, and it is to be started again after a pause. */
  | "retry"
  /** Nothing of it is left, and it has used up its attempts. */
  | "gave_up"
  /** The pause is over. */
  | "retry_due";

export type AppEffect =
  /** Wait for its dependencies, then start a process; the count of restarts begins anew. */
  | "launch"
  /** Start a process again. */
  | "relaunch"
  /** Health checks, limits and watched files, from now on. */
  | "watch"
  | "unwatch"
  /** Stop the tree: signal, wait, SIGKILL. */
  | "stop_tree"
  /** Stop waiting for dependencies. */
  | "cancel_launch"
  /** Start the pause before the next attempt. */
  | "schedule_retry"
  | "cancel_retry"
  /** Start it when the stop is over. */
  | "want_restart"
  | "forget_restart";

export interface Transition {
  readonly to: AppState;
  readonly effects: readonly AppEffect[];
}

type Row = Readonly<Partial<Record<AppEvent, Transition>>>;

function go(to: AppState, ...effects: AppEffect[]): Transition {
  return { to, effects };
}

/** What every state has in which a process runs. */
const UP: Row = {
  stop: go("stopping", "unwatch", "forget_restart", "stop_tree"),
  recycle: go("stopping", "unwatch", "want_restart", "stop_tree"),
  leader_exited: go("stopping", "unwatch", "stop_tree"),
  ended: go("stopped", "unwatch"),
  failed: go("crashed", "unwatch"),
  retry: go("backoff", "unwatch", "schedule_retry"),
  gave_up: go("exhausted", "unwatch"),
};

/** What every state has in which nothing runs and nothing is planned. */
const DOWN: Row = {
  start: go("starting", "launch"),
  recycle: go("starting", "launch"),
  stop: go("stopped"),
};

export const TRANSITIONS: Readonly<Record<AppState, Row>> = {
  stopped: DOWN,
  crashed: DOWN,
  exhausted: DOWN,
  starting: {
    ...UP,
    stop: go("stopping", "cancel_launch", "forget_restart", "stop_tree"),
    recycle: go("stopping", "cancel_launch", "want_restart", "stop_tree"),
    spawned: go("running", "watch"),
    spawn_failed: go("crashed", "cancel_launch"),
  },
  running: { ...UP, health_passed: go("healthy"), health_failed: go("unhealthy") },
  healthy: { ...UP, health_failed: go("unhealthy") },
  unhealthy: { ...UP, health_passed: go("healthy") },
  stopping: {
    start: go("stopping", "want_restart"),
    recycle: go("stopping", "want_restart"),
    stop: go("stopping", "forget_restart"),
    ended: go("stopped"),
    failed: go("crashed"),
    retry: go("backoff", "schedule_retry"),
    gave_up: go("exhausted"),
  },
  backoff: {
    start: go("starting", "cancel_retry", "launch"),
    recycle: go("starting", "cancel_retry", "launch"),
    stop: go("stopped", "cancel_retry"),
    retry_due: go("starting", "relaunch"),
  },
};

/** Undefined: the event means nothing in this state. */
export function transition(state: AppState, event: AppEvent): Transition | undefined {
  return TRANSITIONS[state][event];
}

/** Whether a process runs, or is about to, or is being stopped. */
export function isLive(state: AppState): boolean {
  return state === "starting" || isUp(state) || state === "stopping";
}

/** Whether a process runs that nobody wants to stop. */
export function isUp(state: AppState): boolean {
  return state === "running" || state === "healthy" || state === "unhealthy";
}
