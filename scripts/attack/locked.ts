/**
 * One store for two projects: a stranger's project, which its user has trusted, installs the same tool and
 * version from the stranger's registry. The victim's own project must go on with what its lock file pins.
 */
import { publishTool } from "../../tests/e2e/fake_tools.ts";
import type { Attack, Kind } from "./case.ts";
import { publishPackage } from "./packages.ts";
import type { World } from "./world.ts";

/** The stranger's esbuild has other bytes; its prettier is the same, and comes with another dependency. */
const TOOLS: Readonly<Record<string, { tool: string; poison(world: World): Promise<void> }>> = {
  "a tool of other bytes": {
    tool: "esbuild",
    poison: async (world) =>
      await publishTool(world.host.registry, {
        tool: "esbuild",
        version: "1.2.0",
        script: world.evil(),
        padding: 100,
      }),
  },
  "a dependency of other bytes": {
    tool: "prettier",
    poison: async (world) => {
      await publishPackage(world.host.registry, { name: "helper", script: "", bin: {} });
      await world.host.registry.addPackage({ name: "helper", version: "1.0.0" }, {
        "index.js": world.evilScript(),
      });
      await samePrettier(world);
    },
  },
  "another version of a dependency": {
    tool: "prettier",
    poison: async (world) => {
      await world.host.registry.addPackage({ name: "helper", version: "1.9.0" }, {
        "index.js": world.evilScript(),
      });
      await samePrettier(world);
    },
  },
};

/** Ways to run the tool in the good project; TOOL is its name. */
const WAYS: Readonly<Record<string, string>> = {
  "exec": "haft exec TOOL; haft x TOOL",
  "a shim": 'PATH="$SHIMS:$PATH"; TOOL; TOOL; sleep 2.2; TOOL; TOOL; TOOL',
  "which": '"$(haft which TOOL)"',
  "env": 'eval "$(haft env --shell bash)"; TOOL',
  "the daemon":
    'haft daemon start; "$(haft ipc-send runtime.resolve runtime=TOOL cwd="$PWD" | sed -n \'s/.*"executable": *"\\([^"]*\\)".*/\\1/p\')"; haft x TOOL',
  "a task": "haft task run tool",
  "an app": "haft app start tool; sleep 0.5; haft app status; haft app stop",
  "sync": "haft sync; haft x TOOL",
  "sync --locked": "haft sync --locked; haft x TOOL",
};

async function samePrettier({ registry, host }: World): Promise<void> {
  const path = "/prettier/-/prettier-3.0.0.tgz";
  const answer = await fetch(new URL(path, registry.ownUrl), {
    headers: { authorization: `Bearer ${registry.settings.token}` },
  });
  const tarball = new Uint8Array(await answer.arrayBuffer());
  host.registry.addTarball(
    { name: "prettier", version: "3.0.0", bin: { prettier: "bin.js" }, dependencies: { helper: "^1.0.0" } },
    tarball,
  );
}

const VERSIONS: Readonly<Record<string, string>> = { esbuild: "1.2.0", prettier: "3.0.0" };

function manifest(tool: string): string {
  return `[tools]\n${tool} = "${
    VERSIONS[tool]
  }"\n[tasks.tool]\nrun = "${tool}"\n[apps.tool]\ncommand = "${tool}"\nrestart = "no"\n`;
}

/**
 * Both projects are there, and the stranger's was synced after `locked` had made the good one's lock file.
 */
async function poisoned(
  world: World,
  { tool, poison }: { tool: string; poison(world: World): Promise<void> },
) {
  await poison(world);
  const trusted = "haft trust --yes || haft trust; ";
  world.file(`${world.good}/haft.toml`, manifest(tool));
  await world.shell(`${trusted}haft sync`, { cwd: world.good });
  world.file("haft.toml", manifest(tool));
  world.file(".npmrc", world.strangersNpmrc);
  await world.shell(`${trusted}haft uninstall ${tool} --all; haft sync`);
}

export const locked: Kind = {
  kind: "locked",
  attacks: [
    ...Object.entries(TOOLS).flatMap(([what, tool]) =>
      Object.entries(WAYS).map(([way, line]): Attack => ({
        name: `${what} by ${way}`,
        allow: ["contact"],
        run: async (world) => {
          await poisoned(world, tool);
          world.watch();
          await world.shell(`SHIMS='${world.shims}'; ${line.replaceAll("TOOL", tool.tool)}`, {
            cwd: world.good,
          });
        },
      }))
    ),
    ...Object.entries(TOOLS).map(([what, tool]): Attack => ({
      name: `${what} runs in the stranger's own project`,
      sees: "code",
      run: async (world) => {
        await poisoned(world, tool);
        await world.shell(`haft x ${tool.tool}`);
      },
    })),
    ...["esbuild", "prettier"].map((tool): Attack => ({
      name: `${tool} without a stranger runs`,
      run: async (world) => {
        world.file(`${world.good}/haft.toml`, manifest(tool));
        const { output } = await world.shell(`haft sync; haft x ${tool}`, { cwd: world.good });
        if (!output.includes("the real one")) world.complain("answer", output);
      },
    })),
  ],
};
