import { Buffer } from "node:buffer";
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { BenchDaemon } from "../bench_daemon.ts";
import { bench } from "../report/bench.ts";
import { timeCommand } from "../spawn.ts";

// One log file that grows from 1 MB to 10 GB: its last 100 lines, those since a moment ago, and a search for
// what stands in its first line alone, which reads all of it. The app has ended, and its log is made longer
// while there is no daemon.

const MB = 1e6;
/** What stays free of the disk. */
const LEFT_MB = 2_000;
const SIZES = [1, 10, 100, 1_000, 10_000];
/** Of 100 bytes. */
const LINE = "x".repeat(92);
/** A log of this much a second. */
const BYTES_A_SECOND = MB;

await bench({ rounds: 9 }, async function* (run) {
  const sizes = run.sizes(SIZES);
  await using bench = await BenchDaemon.start(
    `[apps.a]\ncommand = ["/bin/echo", "the first line"]\nrestart = "no"\nlog = { max_size = "100GiB" }\n`,
  );
  bench.haft("app", "start", "a");
  const { cwd, env, binary } = bench;
  const directory = join(cwd, "home", "state", "apps", "logs");
  while (statSync(join(directory, logIn(directory))).size === 0) bench.haft("app", "status");
  const path = join(directory, logIn(directory));
  const ways = {
    last: ["-n", "100"],
    since: ["-n", "100", "--since", "2s"],
    grep: ["-n", "1", "--grep", "the first line"],
  };
  type Way = keyof typeof ways;
  const found: Record<Way, { size: number; values: number[] }[]> = { last: [], since: [], grep: [] };
  for (const size of sizes) {
    const { bavail, bsize } = statfsSync(cwd);
    const room = Math.floor(bavail * bsize / MB) - LEFT_MB;
    const more = size - statSync(path).size / MB;
    if (more > room) {
      run.missing(`log files of ${size} MB`, `the disk has room for ${Math.max(0, room)} MB more`);
      continue;
    }
    bench.haft("daemon", "stop");
    lengthen(path, size * MB);
    bench.haft("daemon", "start");
    for (const way of Object.keys(ways) as Way[]) {
      // A search through much takes long enough to be timed by few.
      const rounds = way === "grep"
        ? Math.max(1, Math.min(run.rounds, Math.round(1_000 / size)))
        : run.rounds;
      const argv = [binary, "app", "logs", "a", ...ways[way]];
      try {
        const values = Array.from({ length: rounds }, () => timeCommand(argv, { cwd, env }));
        found[way].push({ size, values });
      } catch (error) {
        run.missing(`\`app logs ${ways[way].join(" ")}\` of ${size} MB`, error);
      }
    }
  }
  const common = { along: "MB in the log", unit: "ms" } as const;
  yield {
    ...common,
    name: "grow.logs.last",
    title: "`haft app logs -n 100`",
    expected: "flat",
    points: found.last,
  };
  yield { ...common, name: "grow.logs.since", title: "`--since`", expected: "flat", points: found.since };
  yield { ...common, name: "grow.logs.grep", title: "`--grep`", expected: "linear", points: found.grep };
});

function logIn(directory: string): string {
  return readdirSync(directory).find((name) => name.endsWith(".out.log")) ?? "";
}

/** Appends lines until the file is so long, and says when they came: the last of them now. */
function lengthen(path: string, bytes: number): void {
  const size = statSync(path).size;
  const descriptor = openSync(path, "a");
  const chunk = Buffer.from(
    Array.from({ length: 10_000 }, (_, n) => `${LINE}${`${n}`.padStart(7)}\n`).join(""),
  );
  for (let at = size; at < bytes; at += chunk.length) {
    writeSync(descriptor, chunk, 0, Math.min(chunk.length, bytes - at));
  }
  // What is still to be written to the disk would be charged to those that read.
  fsyncSync(descriptor);
  closeSync(descriptor);
  const seconds = Math.ceil(bytes / BYTES_A_SECOND);
  const begun = Date.now() - seconds * 1_000;
  const marks = Array.from({ length: seconds }, (_, n) => `0 ${n * BYTES_A_SECOND} ${begun + n * 1_000}\n`);
  writeFileSync(`${path}.times`, marks.join(""));
  const read = { rotations: 0, in: 0, offset: bytes };
  writeFileSync(
    path.replace(/\.out\.log$/, ".tail.json"),
    JSON.stringify({ stdout: read, stderr: { ...read, offset: 0 } }),
  );
}
