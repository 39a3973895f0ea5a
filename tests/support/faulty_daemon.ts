/**
 * `haft daemon run` in a process in which, a moment later, two things go wrong that no request is the cause
 * of.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../src/cli/run.ts";

const [socket = ""] = process.argv.slice(2);
const running = run(["daemon", "run", "--socket", socket]);
while (!existsSync(socket)) await delay(5);
void Promise.reject(new Error("nobody waits for this"));
setTimeout(() => {
  throw new Error("thrown in a timer");
}, 0);
process.exitCode = await running;
