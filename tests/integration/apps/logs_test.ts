/** Logs of real processes: every line comes, once and in order, whatever is rotated meanwhile. */
import { assert, assertEquals } from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LONGEST_LINE } from "../../../src/apps/logs/line_splitter.ts";
import { logFamily, rotatedPath } from "../../../src/apps/logs/log_files.ts";
import { type AppHarness, withApps } from "../../support/app_harness.ts";
import { until } from "../../support/until.ts";

function logOf(h: AppHarness, stream: "stdout_log" | "stderr_log" = "stdout_log"): string {
  return h.service.status({ root: h.root }).apps[0]?.instances[0]?.[stream] ?? "";
}

/** What the files have, oldest first. */
function contentOf(path: string): string {
  const files = logFamily(path).filter((file) => existsSync(file) && !file.endsWith(".rotating"));
  return [...files.slice(1).reverse(), path].map((file) => readFileSync(file, "utf8")).join("");
}

Deno.test("no line is lost or doubled while a writer without pause is rotated many times", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      const path = logOf(h);
      // It writes until it was rotated five times, however busy the machine is.
      await until(() => existsSync(rotatedPath(path, 5)), "five files are rotated");
      writeFileSync(join(h.root, "stop"), "");
      await h.line("end");
      const lines = h.lines();
      const count = Number(lines.at(-2));
      assertEquals(count % 10_000, 0);
      const expected = [...Array.from({ length: count }, (_, i) => `${i + 1}`), "end"];
      assertEquals(lines.length, expected.length);
      assertEquals(lines, expected);
      // The files hold the same, as far back as they are kept; here that is all.
      assertEquals(contentOf(path).trim().split("\n"), expected);
      assertEquals(h.problems, []);
    },
    `[apps.writer]
command = ["sh", "-c", "i=0; while [ ! -e stop ]; do i=$((i+1)); seq $(( (i-1)*10000+1 )) $((i*10000)); sleep 0.15; done; echo end; sleep 1000"]
log = { max_size = "16KiB", keep = 1000 }
`,
  ));

Deno.test("a writer of many processes, one of them out of the group, loses nothing either", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      // They write until they were rotated twice, however busy the machine is.
      await until(() => existsSync(rotatedPath(logOf(h), 2)), "two files are rotated");
      writeFileSync(join(h.root, "stop"), "");
      await h.line("end");
      const lines = contentOf(logOf(h)).trim().split("\n").filter((line) => line !== "end");
      assertEquals(h.lines().filter((line) => line !== "end"), lines);
      const counts = ["a", "b", "c"].map((name) => {
        const own = lines.filter((line) => line.startsWith(name));
        assertEquals(own, own.map((_, i) => `${name} ${i + 1}`));
        assertEquals(own.length % 10_000, 0, name);
        assert(own.length > 0);
        return own.length;
      });
      assertEquals(lines.length, counts.reduce((sum, count) => sum + count));
    },
    `[apps.writers]
command = ["sh", "-c", '''
w() { i=0; until [ -e stop ]; do n=0; while [ $n -lt 10000 ]; do n=$((n+1)); i=$((i+1)); echo "$1 $i"; done; sleep 0.1; done; }
w a & w b &
setsid sh -c 'i=0; until [ -e stop ]; do n=0; while [ $n -lt 10000 ]; do n=$((n+1)); i=$((i+1)); echo "c $i"; done; sleep 0.1; done' &
wait
echo end
sleep 1000
''']
log = { max_size = "4KiB", keep = 1000 }
`,
  ));

Deno.test("keep bounds what is kept, and a process that writes for ever is bounded", () =>
  withApps(async (h) => {
    h.countLines = true;
    await h.service.start({ root: h.root });
    const path = logOf(h);
    await h.event(({ type }) => type === "app.log_skipped");
    await until(() => existsSync(rotatedPath(path, 2)), "two files are rotated");
    await h.service.stop({ root: h.root });
    assertEquals([existsSync(rotatedPath(path, 2)), existsSync(rotatedPath(path, 3))], [true, false]);
    assertEquals(h.service.list({ root: h.root }).apps[0]?.state, "stopped");
  }, `[apps.yes]\ncommand = "yes"\nlog = { max_size = "64KiB", keep = 3 }\n`));

Deno.test("stdout and stderr are told apart; closing stdout harms nothing; a last line without an end comes", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.state("stopped");
      const lines = h.events.filter(({ type }) => type === "app.log_line").map((
        { data },
      ) => [data["stream"], data["line"]]);
      assertEquals(lines.filter(([stream]) => stream === "stdout"), [["stdout", "out"]]);
      assertEquals(lines.filter(([stream]) => stream === "stderr"), [["stderr", "err"], [
        "stderr",
        "no end",
      ]]);
      const logs = await h.service.logs({ root: h.root, lines: 10, stream: "stderr" });
      assertEquals(logs.lines.map(({ line, app, instance }) => [line, app, instance]), [["err", "talks", 0], [
        "no end",
        "talks",
        0,
      ]]);
      assert(logs.lines.every(({ time }) => time !== null));
      const { lines: found } = await h.service.logs({ root: h.root, lines: 10, grep: "^o" });
      assertEquals(found.map(({ line }) => line), [
        "out",
      ]);
    },
    `[apps.talks]\ncommand = ["sh", "-c", "echo out; exec >&-; echo err >&2; sleep 0.1; printf 'no end' >&2"]\n`,
  ));

Deno.test("long lines are split and flagged; bytes that are not UTF-8 are kept in the file and shown escaped", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.state("stopped");
      const events = h.events.filter(({ type }) => type === "app.log_line").map(({ data }) => data);
      assertEquals(events.map(({ partial }) => partial), [true, true, false, false]);
      assertEquals(events.map(({ line }) => String(line).length), [
        LONGEST_LINE,
        LONGEST_LINE,
        150_000 - 2 * LONGEST_LINE,
        10,
      ]);
      assertEquals(events.at(-1)?.["line"], "a\\xff\\xfeb");
      const bytes = readFileSync(logOf(h));
      assertEquals([...bytes.subarray(-5)], [0x61, 0xff, 0xfe, 0x62, 0x0a]);
    },
    `[apps.long]\ncommand = ["sh", "-c", "head -c 150000 /dev/zero | tr '\\\\0' x; echo; printf 'a\\\\377\\\\376b\\\\n'"]\n`,
  ));

Deno.test("a restart takes a new file when the old one is full, and loses nothing", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.state("exhausted");
      assertEquals(
        h.lines(),
        Array.from({ length: 6 }, () => Array.from({ length: 200 }, (_, i) => `${i + 1}`)).flat(),
      );
      assert(existsSync(rotatedPath(logOf(h), 3)));
    },
    `[apps.short]\ncommand = ["sh", "-c", "seq 200; exit 1"]\nbackoff = { initial = "1ms", max_attempts = 5 }\nlog = { max_size = "500b", keep = 100 }\n`,
  ));

Deno.test("a writer that starts a process for every line is rotated, goes on, and loses nothing", () =>
  withApps(
    async (h) => {
      await h.service.start({ root: h.root });
      await h.line("end");
      assertEquals(h.lines(), [...Array.from({ length: 800 }, (_, i) => `${i + 1}`), "end"]);
      assert(existsSync(rotatedPath(logOf(h), 2)), "it was rotated more than once");
      assertEquals(h.problems, []);
    },
    `[apps.forks]
command = ["sh", "-c", "i=0; while [ $i -lt 800 ]; do i=$((i+1)); env echo $i; done; echo end; sleep 1000"]
log = { max_size = "100b", keep = 1000 }
`,
  ));
