/**
 * What of the apps depends on the runtime: spawning, signals, exit codes, watching files. Run under Deno and
 * under Bun.
 */
import { assertEquals } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isAlive, withApps } from "./app_harness.ts";

export interface AppCase {
  name: string;
  run: () => Promise<void>;
}

export const appCases: readonly AppCase[] = [
  {
    name: "exit codes and signals are told as they were",
    run: () =>
      withApps(
        async (h) => {
          await h.service.start({ root: h.root });
          await h.event(({ type, subject }) => type === "app.process_exited" && subject === "killed");
          await h.event(({ type, subject }) => type === "app.process_exited" && subject === "seven");
          const ends = h.events.filter(({ type }) => type === "app.process_exited")
            .map(({ subject, data }) => `${subject} ${data["exit_code"]} ${data["signal"]}`).sort();
          assertEquals(ends, ["killed null SIGKILL", "seven 7 null"]);
        },
        `[apps.seven]\ncommand = ["sh", "-c", "exit 7"]\nrestart = "no"\n[apps.killed]\ncommand = ["sh", "-c", "kill -KILL $$"]\nrestart = "no"\n`,
      ),
  },
  {
    name: "an app has a session and a group of its own, its files for output, and no signal ignored",
    run: () =>
      withApps(
        async (h) => {
          await h.service.start({ root: h.root });
          await h.line("end");
          const lines = h.lines();
          const pid = `${h.pid("web")}`;
          assertEquals(lines[0], `${pid} ${pid} ${pid}`);
          // SIGPIPE is 13, SIGXFSZ is 25.
          const ignored = BigInt(
            `0x${lines.find((line) => line.startsWith("SigIgn"))?.split("\t")[1]?.trim()}`,
          );
          assertEquals(ignored & (1n << 12n | 1n << 24n), 0n);
        },
        `[apps.web]\ncommand = ["sh", "-c", "echo $(cut -d' ' -f1,5,6 /proc/$$/stat); grep SigIgn /proc/self/status; echo end; sleep 1000"]\n`,
      ),
  },
  {
    name: "a tree is stopped whole, one that ignores SIGTERM too",
    run: () =>
      withApps(
        async (h) => {
          await h.service.start({ root: h.root });
          const line = await h.event(({ data }) => /^child \d+$/.test(`${data["line"]}`));
          const child = Number(String(line.data["line"]).slice(6));
          assertEquals(isAlive(child), true);
          await h.service.stop({ root: h.root });
          assertEquals(isAlive(child), false);
        },
        `[apps.web]\ncommand = ["sh", "-c", "trap '' TERM; sleep 1000 & echo child $!; while :; do sleep 0.05; done"]\nstop_timeout = "200ms"\n`,
      ),
  },
  {
    name: "a crash is followed by a restart",
    run: () =>
      withApps(async (h) => {
        await h.service.start({ root: h.root });
        const first = h.pid("web");
        process.kill(first, "SIGKILL");
        await h.event(({ type, data }) => type === "app.process_started" && data["pid"] !== first);
      }, `[apps.web]\ncommand = "sleep 1000"\nbackoff = { initial = "1ms" }\n`),
  },
  {
    name: "what cannot be executed is told with its path",
    run: () =>
      withApps(async (h) => {
        writeFileSync(join(h.root, "script"), "#!/no/such/interpreter\n", { mode: 0o755 });
        const { outcomes } = await h.service.start({ root: h.root });
        assertEquals(outcomes[0]?.error?.startsWith(`Cannot run "${join(h.root, "script")}": ENOENT`), true);
      }, `[apps.web]\ncommand = "./script"\n`),
  },
  {
    name: "a changed file restarts the app that watches it",
    run: () =>
      withApps(async (h) => {
        writeFileSync(join(h.root, "a.ts"), "1");
        await h.service.start({ root: h.root });
        writeFileSync(join(h.root, "a.ts"), "2");
        assertEquals((await h.state("stopping")).data["reason"], '"a.ts" changed');
      }, `[apps.web]\ncommand = "sleep 1000"\nwatch = ["*.ts"]\n`),
  },
  {
    name: "no line is lost while a writer is rotated, and an env_file is read",
    run: () =>
      withApps(
        async (h) => {
          writeFileSync(join(h.root, ".env"), "LAST='the end'\n");
          await h.service.start({ root: h.root });
          await h.line("the end");
          assertEquals(h.lines(), [...Array.from({ length: 30_000 }, (_, i) => `${i + 1}`), "the end"]);
          assertEquals(h.problems, []);
        },
        `[apps.web]\ncommand = ["sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i; done; echo $LAST; sleep 1000"]\nenv_file = ".env"\nlog = { max_size = "8KiB", keep = 1000 }\n`,
      ),
  },
  {
    name: "a schedule starts its app, and a health check by a command passes",
    run: () =>
      withApps(
        async (h) => {
          await h.service.up({ root: h.root });
          assertEquals(h.service.status({ root: h.root, names: ["web"] }).apps[0]?.state, "healthy");
          await h.line("tick");
        },
        `[apps.job]\ncommand = "echo tick"\nschedule = "* * * * * *"\n[apps.web]\ncommand = "sleep 1000"\nhealth = { exec = "true" }\n`,
      ),
  },
];
