import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check, Programs } from "./checks.ts";
import { APP_WORDS, type ToolWorld } from "./tool_checks.ts";
import { wineEnds } from "./wine.ts";

/**
 * The daemon in the background, with apps and tasks of the project that {@link ToolWorld} made. In this
 * order.
 */
export function workChecks({ haft, readOutput }: Programs, world: ToolWorld): Check[] {
  const run = async (args: readonly string[], text = "", code = 0) =>
    await wineEnds([haft, ...args], { ...world.options, code, text });
  const read = async (args: readonly string[], text = "") =>
    await wineEnds([readOutput, haft, ...args], { ...world.options, code: 0, text });
  return [
    {
      name: "haft daemon start hands no pipe of its starter's to the daemon",
      run: async () => {
        await read(["daemon", "start"], "The daemon answers");
        await run(["daemon", "stop"], "has stopped");
      },
    },
    {
      name: "haft ipc-send starts the daemon, and hands it no pipe",
      run: async () => void await read(["ipc-send", "daemon.ping"], "uptime_secs"),
    },
    {
      name: "apps are refused before trust, and named by haft trust",
      run: async () => {
        await run(["app", "start"], "is not trusted", 1);
        await run(["trust"], "is trusted");
      },
    },
    {
      name: "haft app up -d starts apps from a list and by cmd.exe, and hands them no pipe",
      run: async () => {
        await read(["app", "up", "-d"], "list: running");
        await until(() => running(APP_WORDS.list) > 0 && running(APP_WORDS.text) > 0);
      },
    },
    {
      name: "haft app status tells processor time and memory",
      run: async () => {
        const status = await run(["app", "status"], "running");
        if (!/list +running +\d+ .* [KM]B/.test(status)) throw new Error(status);
      },
    },
    {
      name: "haft app logs has what an app and the program it starts have printed",
      run: async () => {
        for (;;) {
          const logs = await run(["app", "logs", "text"], "from cmd");
          if (logs.includes(`biome [--sleep] [${APP_WORDS.text}]`)) return;
        }
      },
    },
    {
      name: "haft daemon restart leaves apps running, and the next daemon has them",
      run: async () => {
        const before = pidOf(await run(["app", "status", "list"]));
        await run(["daemon", "restart"], "The daemon answers");
        const after = pidOf(await run(["app", "status", "list"], "running"));
        if (before !== after) throw new Error(`pid ${before} became ${after}`);
      },
    },
    {
      name: "haft uninstall names the process that runs from a tool, and leaves it",
      run: async () => {
        await run(["uninstall", "esbuild@1.2.0"], "esbuild.exe", 1);
        if (running(APP_WORDS.list) === 0) throw new Error("it was ended");
      },
    },
    {
      name: "haft app stop ends an app with all that it started, one that another daemon started, too",
      run: async () => {
        await run(["app", "stop"], "text: stopped");
        if (running(APP_WORDS.list) + running(APP_WORDS.text) > 0) throw new Error("its processes still run");
      },
    },
    {
      name: "haft run runs a task of text by cmd.exe, with the project's tools",
      run: async () => void await run(["run", "text"], "biome [checked]"),
    },
    {
      name: "haft run runs a task of words, each as it is",
      run: async () => void await run(["run", "list"], 'biome [a b] [c"d]'),
    },
    {
      name: "haft run finds programs where the system spells PATH as Path",
      run: async () => {
        const lines = [
          "@set FOUND=%PATH%",
          "@set PATH=",
          "@set Path=%FOUND%",
          `@"${windowsPath(haft)}" run text`,
        ];
        // Not in the project: in Wine a directory's time of creation, which trust is bound to, is its last
        // change.
        writeFileSync(join(world.project, "..", "spelled.cmd"), `${lines.join("\r\n")}\r\n`);
        await wineEnds(["cmd", "/c", String.raw`C:\spelled.cmd`], {
          ...world.options,
          code: 0,
          text: "biome [checked]",
        });
      },
    },
    {
      name: "haft run ends with the task's exit code",
      run: async () => void await run(["run", "fails"], "esbuild [--exit=7]", 7),
    },
    {
      name: "haft task start runs a task in the background, and its output and end are kept",
      run: async () => {
        const id = (await run(["task", "start", "text"])).trim();
        await run(["task", "wait", id]);
        await run(["task", "logs", id], "biome [checked]");
      },
    },
    {
      name: "haft daemon stop ends the apps that run",
      run: async () => {
        await run(["app", "start", "list"], "list: running");
        await run(["daemon", "stop"], "1 app");
        if (running(APP_WORDS.list) > 0) throw new Error("its process still runs");
      },
    },
    { name: "Ctrl-C in a console ends a task in front", skipped: "Wine has no console without a display" },
  ];
}

/** How many processes of this machine have the word on their command line. */
function running(word: string): number {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
    } catch {
      return false;
    }
  }).length;
}

function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

function pidOf(status: string): string | undefined {
  return /list +running +(\d+)/.exec(status)?.[1];
}

/** The most that a check may wait for what is on its way. */
const LONGEST_MS = 30_000;

async function until(holds: () => boolean): Promise<void> {
  for (const begun = performance.now(); !holds(); await delay(50)) {
    if (performance.now() - begun > LONGEST_MS) throw new Error("It did not happen in time");
  }
}
