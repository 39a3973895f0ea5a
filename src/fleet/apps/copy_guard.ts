/**
 * A process that ends copies of apps whose lease is not confirmed any more, where the daemon does not: it was
 * killed, or stands still. It runs while this host has such copies, and reads `fleet-copies.json`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { errorMessage } from "../../base/errors.ts";
import type { Env } from "../../base/env.ts";
import { runtime } from "../../runtime/mod.ts";

export interface CopyGuardOptions {
  stateDirectory: string;
  env: Env;
  log: (line: string) => void;
}

export class CopyGuard {
  readonly #options: CopyGuardOptions;
  #child: ChildProcess | undefined;

  constructor(options: CopyGuardOptions) {
    this.#options = options;
  }

  /** Starts it unless it runs. Never fails: a copy without it is as safe as its daemon. */
  watch(): void {
    if (this.#child !== undefined) return;
    const { stateDirectory, env, log } = this.#options;
    const [file = "", ...args] = [...runtime.selfCommand(), "fleet", "guard", stateDirectory];
    let child: ChildProcess;
    try {
      // Its standard input ends with this daemon, however that ends.
      child = this.#child = spawn(file, args, {
        cwd: "/",
        env: { ...env },
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
        windowsHide: true,
      });
    } catch (error) {
      return log(`fleet: no guard of copies: ${errorMessage(error)}`);
    }
    const isGone = () => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once("error", (error) => {
      log(`fleet: no guard of copies: ${errorMessage(error)}`);
      isGone();
    });
    child.once("exit", isGone);
    child.stdin?.on("error", () => {});
    child.unref();
  }

  /** There is nothing to guard. */
  end(): void {
    const child = this.#child;
    this.leave();
    child?.kill();
  }

  /** It goes on until the daemon's next life has a guard of its own, or the copies are ended. */
  leave(): void {
    this.#child?.stdin?.destroy();
    this.#child = undefined;
  }
}
