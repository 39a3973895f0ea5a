import { assertEquals } from "@std/assert";
import { LogFollow } from "../../../../src/cli/app/log_follow.ts";
import type { AppLine, LogPrinter } from "../../../../src/cli/app/log_printer.ts";
import type { DaemonClient } from "../../../../src/client/daemon_client.ts";
import type { DaemonEvent } from "../../../../src/protocol/events.ts";

function line(text: string): AppLine {
  return { app: "web", instance: 0, stream: "stdout", line: text, time: 1, partial: false };
}

function event(text: string): DaemonEvent {
  return {
    type: "event",
    event: "app.log_line",
    data: line(text),
    seq: 1,
    time: 1,
  } as unknown as DaemonEvent;
}

Deno.test("LogFollow prints a line that comes in one chunk with the answer, after the past ones, and none before twice", async () => {
  const printed: string[] = [];
  const printer = { print: ({ line }: AppLine) => Promise.resolve(void printed.push(line)) };
  const log = new LogFollow({
    selection: { names: [] },
    grep: undefined,
    printer: printer as unknown as LogPrinter,
  });
  const daemon = {
    request: async (_method: string, _params: unknown, { onAnswer }: { onAnswer: () => void }) => {
      await Promise.resolve();
      log.onEvent(event("2"));
      onAnswer();
      log.onEvent(event("3"));
      await Promise.resolve();
      return { lines: [line("1"), line("2")] };
    },
  };
  await log.past(daemon as unknown as DaemonClient, { lines: 10, follow: true });
  log.onEvent(event("4"));
  assertEquals(printed, ["1", "2", "3", "4"]);
});
