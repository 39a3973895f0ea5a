import { join } from "node:path";
import { build } from "../build.ts";
import { mustRun } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { bench } from "./report/bench.ts";
import { firstLine } from "./report/machine.ts";

// Messages a second from Python, by the processor time of the sending process, which a busy machine changes
// less than the clock. The ends choose their cores themselves: python_messages.py starts them.

const MESSAGES = 100_000;
/** By the clock, and by processor time. */
type Rates = [clock: number, processor: number];

await bench({ rounds: 5 }, async function* (run) {
  await build();
  const script = join(projectRoot, "scripts", "bench", "python_messages.py");
  run.peer("python", firstLine("python3", "--version"));
  const argv = ["python3", script, "--json", "--messages", `${MESSAGES}`, "--runs", `${run.rounds}`];
  const rows: Record<string, Rates[]> = JSON.parse((await mustRun(argv)).stdout);
  const of = (row: string, which: 0 | 1) => (rows[row] ?? []).map((rates) => rates[which]);
  const figures: [name: string, title: string, row: string, bare: string][] = [
    ["emit", "`emit`", "emit", "bare socket: one send a message"],
    [
      "requests-bare",
      "`requests`, to a bare answerer",
      "requests, to a bare answerer",
      "bare socket: 100 requests a write",
    ],
    ["requests", "`requests`, to the daemon", "requests, to the daemon", "bare socket: 100 requests a write"],
  ];
  for (const [which, words] of [[1, "by processor time"], [0, "by the clock"]] as const) {
    for (const [name, title, row, bare] of figures) {
      yield {
        name: `python.${name}.${which === 1 ? "processor" : "clock"}`,
        title: `${title}, ${words}`,
        unit: "messages/s",
        values: of(row, which),
        baseline: { name: bare, values: of(bare, which) },
        goal: { of: "value", atLeast: 100_000 },
      };
    }
  }
});
