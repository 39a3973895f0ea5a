/** Trust that was given to one directory, taken for another. */
import type { Attack, Kind } from "./case.ts";
import type { World } from "./world.ts";

/** A manifest that runs what lies beside it, in every way; the program tells which it was. */
const MANIFEST = `[env]
BASH_ENV = "./run.sh"
[tasks.go]
run = "./run.sh task"
[apps.go]
command = "./run.sh app"
restart = "no"
[apps.file]
command = ["/bin/bash", "-c", ":", "bash", "env_file"]
env_file = "vars"
restart = "no"
[backends.go]
command = "./run.sh backend"
ready_timeout = "500ms"
restart = "no"
`;

const USE = `haft task run go
haft app start; sleep 0.3; haft app up --detach; haft app stop
haft ipc-send backend.call backend=go method=x cwd="$PWD"
eval "$(haft env --shell bash)"; [ -z "$BASH_ENV" ] || sh "$BASH_ENV" env`;

/** What the program says of each way. */
const WAYS = ["task", "app", "env_file", "backend", "env"];

const TRUST = "haft trust --yes || haft trust";

/** The stranger's own program, under the names that the trusted manifest uses. */
function lay(world: World, directory: string): void {
  world.file(`${directory}/run.sh`, world.evil('"evil $1"'), 0o755);
  world.file(`${directory}/vars`, `BASH_ENV=${directory}/run.sh\n`);
}

/** The victim's project, trusted, with a program that does no harm. */
async function trusted(world: World, manifest = MANIFEST, directory = world.good): Promise<void> {
  world.file(`${directory}/haft.toml`, manifest);
  world.file(`${directory}/run.sh`, "#!/bin/sh\n", 0o755);
  world.file(`${directory}/vars`, "HARMLESS=1\n");
  await world.shell(TRUST, { cwd: directory });
}

/** Ways to make a trusted directory's manifest count for another; each gives where the victim then stands. */
const LOANS: Readonly<Record<string, (world: World) => Promise<string> | string>> = {
  "haft.toml as a link": (world) => {
    lay(world, world.stranger);
    world.link("haft.toml", "../good/haft.toml");
    return world.stranger;
  },
  "haft.toml as a link to a link": (world) => {
    lay(world, world.stranger);
    world.link("x/link", "../../good/haft.toml");
    world.link("haft.toml", "x/link");
    return world.stranger;
  },
  "haft.toml as an absolute link": (world) => {
    lay(world, world.stranger);
    world.link("haft.toml", `${world.good}/haft.toml`);
    return world.stranger;
  },
  "a copy of haft.toml": (world) => {
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    return world.stranger;
  },
  "a hard link to haft.toml": async (world) => {
    lay(world, world.stranger);
    await world.shell("ln ../good/haft.toml haft.toml");
    return world.stranger;
  },
  "a directory put in the trusted one's place": async (world) => {
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    await world.shell(
      `mv '${world.good}' '${world.good}-before'; mv '${world.stranger}' '${world.good}'; mkdir '${world.stranger}'`,
    );
    return world.good;
  },
  "a link put in the trusted one's place": async (world) => {
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    await world.shell(`mv '${world.good}' '${world.good}-before'; ln -s '${world.stranger}' '${world.good}'`);
    return world.good;
  },
  "a made-up worktree of the trusted repository": async (world) => {
    await repository(world);
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    world.file(".git", `gitdir: ${world.good}/.git/worktrees/stranger\n`);
    return world.stranger;
  },
  "a made-up worktree with a gitdir of its own": async (world) => {
    await repository(world);
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    world.file(".git", "gitdir: gitdir\n");
    world.file("gitdir/commondir", `${world.good}/.git\n`);
    world.file("gitdir/gitdir", `${world.stranger}/.git\n`);
    world.file("gitdir/HEAD", "ref: refs/heads/main\n");
    return world.stranger;
  },
  "a link to the trusted repository's .git": async (world) => {
    await repository(world);
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    world.link(".git", "../good/.git");
    return world.stranger;
  },
  "a neighbour of a trusted path": async (world) => {
    const neighbour = `${world.good}-evil`;
    world.file(`${world.home}/.config/haft/config.toml`, `[settings]\ntrusted_paths = ["${world.good}"]\n`);
    lay(world, neighbour);
    world.file(`${neighbour}/haft.toml`, MANIFEST);
    return await Promise.resolve(neighbour);
  },
  "a link in a trusted path": async (world) => {
    world.file(`${world.home}/.config/haft/config.toml`, `[settings]\ntrusted_paths = ["${world.good}"]\n`);
    lay(world, world.stranger);
    world.file("haft.toml", MANIFEST);
    world.link(`${world.good}/inner`, world.stranger);
    return await Promise.resolve(`${world.good}/inner`);
  },
  "a manifest inside the trusted project": (world) => {
    const inner = `${world.good}/vendor/inner`;
    lay(world, inner);
    world.file(`${inner}/haft.toml`, MANIFEST);
    return inner;
  },
};

/** A repository as git makes it, as far as a reader of its directory can tell. */
async function repository(world: World): Promise<void> {
  for (
    const [path, text] of [["HEAD", "ref: refs/heads/main\n"], ["config", "[core]\n"], [
      "worktrees/other/HEAD",
      "x\n",
    ]]
  ) {
    world.file(`${world.good}/.git/${path}`, text ?? "");
  }
  await world.shell("mkdir -p .git/objects .git/refs; " + TRUST, { cwd: world.good });
}

export const trust: Kind = {
  kind: "trust",
  attacks: [
    ...Object.entries(LOANS).map(([loan, lend]): Attack => ({
      name: loan,
      run: async (world) => {
        await trusted(world);
        const cwd = await lend(world);
        world.watch();
        await world.shell(USE, { cwd });
      },
    })),
    ...WAYS.map((way): Attack => ({
      name: `${way} of a trusted directory runs`,
      sees: "code",
      run: async (world) => {
        lay(world, world.stranger);
        world.file("haft.toml", MANIFEST);
        await world.shell(TRUST);
        await world.shell(USE);
        if (!world.ran.some((what) => what === `evil ${way}`)) throw new Error(`${way} did not run`);
      },
    })),
    {
      name: "a changed manifest",
      run: async (world) => {
        await trusted(world, '[tasks.go]\nrun = "./run.sh"\n', world.stranger);
        world.file("evil.sh", world.evil(), 0o755);
        world.file("haft.toml", '[tasks.go]\nrun = "./evil.sh"\n');
        await world.shell("haft task run go; haft daemon start; haft task run go");
      },
    },
    {
      name: "a manifest that changes under a daemon that knows it",
      run: async (world) => {
        await trusted(world, '[apps.go]\ncommand = "./run.sh"\n', world.stranger);
        await world.shell("haft app start go; sleep 0.2");
        world.file("evil.sh", world.evil(), 0o755);
        world.file("haft.toml", '[apps.go]\ncommand = "./evil.sh"\n');
        await world.shell(
          "haft app restart go; haft app stop go; haft app start go; sleep 0.3; haft app status",
        );
      },
    },
    {
      name: "a trust that was taken back",
      run: async (world) => {
        lay(world, world.stranger);
        world.file("haft.toml", '[tasks.go]\nrun = "./run.sh"\n');
        await world.shell(`${TRUST}; haft trust --revoke`);
        await world.shell("haft task run go");
      },
    },
  ],
};
