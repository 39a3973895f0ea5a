import { HaftError } from "../base/errors.ts";
import { type Clock, pause } from "../process/clock.ts";
import type { AppInstance } from "./app_instance.ts";
import { type AppState, isLive, isUp } from "./state/app_state.ts";

/**
 * Restarts instances one after the other. One more is started first and is ready before any of them ends; it
 * shares their port (SO_REUSEPORT), or has another by its number.
 *
 * @param options.addOne makes one more instance, which the caller takes away in the end
 * @throws {HaftError} when one does not come up: those after it are left as they are
 */
export async function rollingRestart(
  instances: readonly AppInstance[],
  { name, clock, addOne, signal }: {
    name: string;
    clock: Clock;
    addOne: () => AppInstance;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const usual = [...instances];
  const extra = addOne();
  extra.start();
  await untilReady(extra, { name, clock, signal });
  for (const instance of usual) {
    instance.restart();
    await instance.until((state) => state !== "stopping", signal);
    await untilReady(instance, { name, clock, signal });
  }
}

/** Without a health check, an instance that has been up for so many milliseconds is ready. */
const SURVIVES_MS = 1_000;

async function untilReady(
  instance: AppInstance,
  { name, clock, signal }: { name: string; clock: Clock; signal: AbortSignal | undefined },
): Promise<void> {
  const failed = (state: AppState) => !isLive(state) || state === "backoff" || state === "unhealthy";
  const isChecked = () => instance.config?.health !== undefined;
  const isReady = (state: AppState) => isChecked() ? state === "healthy" : isUp(state);
  await instance.until((state) => isReady(state) || failed(state), signal);
  if (isReady(instance.state) && !isChecked()) {
    await Promise.race([pause(clock, SURVIVES_MS), instance.until((state) => !isUp(state), signal)]);
  }
  if (isReady(instance.state)) return;
  const why = instance.reason === undefined ? "" : `: ${instance.reason}`;
  const words = instance.state === "backoff" ? "waits to restart" : `is ${instance.state}`;
  throw new HaftError(`The new ${name}:${instance.instance} ${words}${why}`, {
    next: `Look at "haft app logs ${name}"`,
  });
}
