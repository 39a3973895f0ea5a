import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Way } from "./check_way.ts";
import { type PublishedRelease, SIMPLE_INDEX } from "./publish.ts";

/** The TypeScript package, which is for Deno and Bun. */
export function typescriptWay({ version }: PublishedRelease): Way {
  const modules = (home: string) => join(home, "node_modules", "@haft", "haft");
  const program = `import { DaemonClient } from "@haft/haft/client"; console.log(typeof DaemonClient)`;
  return {
    name: "npm install @haft/haft",
    haft: false,
    install: async ({ run }) => void await run(["npm", "install", `@haft/haft@${version}`]),
    start: () => ({ argv: ["bun", "-e", program], prints: "function" }),
    remove: async ({ run }) => void await run(["npm", "uninstall", "@haft/haft"]),
    leaves: (home) => [modules(home)],
  };
}

/** The wheel from an index on loopback, in a virtual environment. */
export function pythonWay(release: PublishedRelease): Way {
  // A python that a version manager puts on PATH is found in an empty home by its own path alone.
  const found = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
  const python = (home: string) => join(home, "venv", "bin", "python");
  const program = "import haft_ipc; from importlib.metadata import version; print(version('haft-ipc'))";
  return {
    name: "pip install haft-ipc",
    haft: false,
    async install({ home, run }) {
      await run([found.stdout.trim(), "-m", "venv", join(home, "venv")]);
      const index = new URL(SIMPLE_INDEX, release.url).href;
      await run([python(home), "-m", "pip", "install", "--quiet", "--index-url", index, "haft-ipc"]);
    },
    start: (home) => ({ argv: [python(home), "-c", program], prints: release.version }),
    async remove({ home, run }) {
      await run([python(home), "-m", "pip", "uninstall", "--quiet", "--yes", "haft-ipc"]);
    },
  };
}
