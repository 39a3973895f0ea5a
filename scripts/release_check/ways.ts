import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Way } from "./check_way.ts";
import type { PublishedRelease } from "./publish.ts";

/** Every way to the executable. */
export function ways(release: PublishedRelease): Way[] {
  const says = (executable: string) => ({
    argv: [executable, "--version"],
    prints: `haft ${release.version}`,
  });
  const npm = (home: string) => join(home, "npm");
  const bun = (home: string) => ({ BUN_INSTALL: join(home, ".bun") });
  const npmWay = (name: string, flags: readonly string[]): Way => ({
    name,
    haft: true,
    install: async ({ home, run }) => {
      await run(["npm", "install", "--global", "--prefix", npm(home), ...flags, "haft"]);
    },
    start: (home) => says(join(npm(home), "bin", "haft")),
    remove: async ({ home, run }) => {
      await run(["npm", "uninstall", "--global", "--prefix", npm(home), "haft"]);
    },
    leaves: (home) => [join(npm(home), "bin", "haft"), join(npm(home), "lib", "node_modules", "haft")],
  });
  return [
    {
      name: "archive (.tar.gz)",
      haft: true,
      async install({ home, run }) {
        const name = `haft-${release.version}-linux-x64`;
        await run(["curl", "-fsSLO", `${release.url}/v${release.version}/${name}.tar.gz`]);
        mkdirSync(join(home, "opt"));
        await run(["tar", "-xzf", `${name}.tar.gz`, "--strip-components=1", "-C", join(home, "opt")]);
      },
      start: (home) => says(join(home, "opt", "haft")),
      leaves: (home) => [join(home, "opt", "haft")],
    },
    {
      name: "install.sh",
      haft: true,
      async install({ run }) {
        await run(["curl", "-fsSLO", `${release.url}/latest/install.sh`]);
        await run(["sh", "install.sh", "--quiet"], { env: { HAFT_MIRROR: release.url } });
      },
      start: (home) => says(join(home, ".local", "bin", "haft")),
      leaves: (home) => [join(home, ".local", "bin", "haft")],
    },
    npmWay("npm install -g haft", []),
    npmWay("npm install -g haft --ignore-scripts", ["--ignore-scripts"]),
    {
      name: "npx haft",
      haft: true,
      runner: true,
      install: async ({ run }) => void await run(["npx", "-y", "haft", "--version"]),
      start: () => ({ argv: ["npx", "-y", "haft", "--version"], prints: `haft ${release.version}` }),
    },
    {
      name: "bun add -g haft",
      haft: true,
      install: async ({ home, run }) =>
        void await run(["bun", "add", "--global", "haft"], { env: bun(home) }),
      start: (home) => says(join(home, ".bun", "bin", "haft")),
      remove: async ({ home, run }) => {
        await run(["bun", "remove", "--global", "haft"], { env: bun(home) });
      },
      leaves: (home) => [join(home, ".bun", "bin", "haft")],
    },
    {
      name: "bunx haft",
      haft: true,
      runner: true,
      install: async ({ run }) => void await run(["bun", "x", "haft", "--version"]),
      start: () => ({ argv: ["bun", "x", "haft", "--version"], prints: `haft ${release.version}` }),
    },
  ];
}
