/**
 * Packages whose executables take the names of commands of the system, or names that a shell or a path would
 * understand.
 */
import type { Attack, Kind } from "./case.ts";
import { publishPackage } from "./packages.ts";
import type { World } from "./world.ts";

/** Commands that must go on being the system's. */
const SYSTEM = ["ls", "git", "sudo", "sh", "cat", "ssh", "make", "rm", "node", "npm", "python3", "haft"];

/** What is no name of an executable. */
const HOSTILE: readonly string[] = [
  "..",
  ".",
  "../up",
  "a/b",
  "a\\b",
  "-rf",
  "--help",
  "x;y",
  "$(id)",
  "`id`",
  "x y",
  "x'y",
  'x"y',
  "x\ny",
  "x&y",
  "x|y",
  "*",
  "~",
  "\u001b[77mred",
  "\u202eexe",
  "\u00e9\u0301",
  "x".repeat(300),
  "con",
  ".hidden",
  "cd",
  "exec",
];

async function install(world: World, bin: Record<string, string>): Promise<void> {
  await publishPackage(world.registry, { name: nameOf(world), script: world.evilScript(), bin });
  world.file("haft.toml", `[tools]\n"npm:${nameOf(world)}" = "1"\n`);
  await world.shell("haft sync; haft shims; haft ls; haft env; haft completions bash; haft doctor", {
    terminal: true,
  });
  await world.shell(`haft install npm:${nameOf(world)}@1`, { terminal: true });
}

/** The registry is shared by all cases. */
function nameOf({ root }: World): string {
  return `evil-${root.slice(-6).toLowerCase().replaceAll(/[^a-z0-9]/g, "x")}`;
}

/** Each name is called where haft has something to say, and where it has not. */
async function call(world: World, name: string): Promise<void> {
  for (const cwd of [world.stranger, world.home]) {
    await world.shell(`PATH='${world.shims}':"$PATH"; ${name} --version; command -v ${name}`, { cwd });
  }
}

export const names: Kind = {
  kind: "names",
  attacks: [
    ...SYSTEM.map((name): Attack => ({
      name: `a package with an executable "${name}" takes its shim`,
      allow: ["command"],
      run: async (world) => {
        await install(world, { [name]: "bin.js", harmless: "bin.js" });
        await call(world, name);
      },
    })),
    ...["ls", "git", "sh"].flatMap((name): Attack[] => [
      {
        name: `a package with an executable "${name}" stands before it on the PATH of another tool`,
        allow: ["command"],
        run: async (world) => {
          await install(world, { [name]: "bin.js", harmless: "bin.js" });
          world.file("haft.toml", `[tools]\nesbuild = "1.2.0"\n"npm:${nameOf(world)}" = "1"\n`);
          await world.shell(`haft sync; eval "$(haft env --shell bash)"; ${name} --version`);
        },
      },
    ]),
    ...HOSTILE.map((name): Attack => ({
      name: `an executable called ${JSON.stringify(name).slice(0, 30)}`,
      run: async (world) => {
        await install(world, { [name]: "bin.js", harmless: "bin.js" });
      },
    })),
    ...["", "-platform"].map((ending): Attack => ({
      name: `a native package${ending} with executables ls and git`,
      allow: ["command"],
      run: async (world) => {
        const [wrapper, bin] = [nameOf(world), { ls: "bin/ls", git: "bin/git" }];
        const systems = {
          "linux-x64": ["linux", "x64"],
          "linux-arm64": ["linux", "arm64"],
          "darwin-arm64": ["darwin", "arm64"],
        };
        const files = {
          "bin/ls": { content: world.evil(), mode: 0o755 },
          "bin/git": { content: world.evil(), mode: 0o755 },
        };
        for (const [system, [os, cpu]] of Object.entries(systems)) {
          const name = `${wrapper}${ending}-${system}`;
          await world.registry.addPackage({ name, version: "1.0.0", os: [os], cpu: [cpu], bin }, files);
        }
        const optionalDependencies = Object.fromEntries(
          Object.keys(systems).map((system) => [`${wrapper}${ending}-${system}`, "1.0.0"]),
        );
        await world.registry.addPackage(
          { name: wrapper, version: "1.0.0", bin, optionalDependencies },
          files,
        );
        world.file("haft.toml", `[tools]\n"npm:${wrapper}" = "1"\n`);
        await world.shell("haft sync; haft shims");
        for (const name of ["ls", "git"]) await call(world, name);
      },
    })),
    ...["npm", "npx", "corepack"].map((name): Attack => ({
      name: `haft x ${name} with a node that has none runs another program`,
      run: async (world) => {
        world.file("haft.toml", '[tools]\nnode = { version = "22.0.0", source = "npm" }\n');
        const { code, output } = await world.shell(`haft sync >/dev/null 2>&1; haft x ${name}`);
        if (code === 0 || output.includes("the real one")) world.complain("answer", `${code}: ${output}`);
      },
    })),
    {
      name: "an executable of the catalogue's own runs by its shim",
      run: async (world) => {
        world.file(
          "haft.toml",
          '[tools]\nnode = { version = "22.0.0", source = "npm" }\nesbuild = "1.2.0"\n',
        );
        const { output } = await world.shell(`haft sync; PATH='${world.shims}':"$PATH"; node; esbuild`);
        if (output.split("the real one").length !== 3) world.complain("answer", output);
      },
    },
    {
      name: "an executable of a name that is free runs by its shim",
      sees: "code",
      run: async (world) => {
        await install(world, { harmless: "bin.js" });
        await call(world, "harmless");
      },
    },
    {
      name: "a shim of the name of a system's command is noticed",
      sees: "shadow",
      run: async (world) => {
        world.file(`${world.shims}/ls`, "#!/bin/sh\n", 0o755);
        await world.haft("ls");
      },
    },
  ],
};
