import { once } from "node:events";
import process from "node:process";
import type { Context } from "./command.ts";

/** Whether there is a person at a terminal. */
export function canAsk({ stdin, stderr }: Pick<Context, "stdin" | "stderr">): boolean {
  return stdin.isTTY && stderr.isTTY;
}

/** Asks on the terminal, where {@link canAsk} says that there is one. Only `y` and `yes` are a yes. */
export async function askYesNo(
  question: string,
  { stderr, signal }: Pick<Context, "stderr" | "signal">,
): Promise<boolean> {
  await stderr.write(`${question} [y/N] `);
  return /^y(es)?$/i.test((await readLine(signal)).trim());
}

async function readLine(signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  // After the end of its input there is no other.
  if (stdin.readableEnded) return "";
  stdin.setEncoding("utf8").resume();
  try {
    const [line] = await Promise.race([once(stdin, "data", { signal }), once(stdin, "end").then(() => [""])]);
    return String(line);
  } finally {
    stdin.pause();
    stdin.unref?.();
  }
}
