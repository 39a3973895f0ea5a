/**
 * What in a checkout could make haft, or a program that haft starts, run the stranger's code before anybody
 * trusts it.
 */
import { publishTool } from "../../tests/e2e/fake_tools.ts";
import { type Attack, type Kind, sweep } from "./case.ts";
import { publishPackage } from "./packages.ts";
import type { World } from "./world.ts";

const TOOLS = '[tools]\nesbuild = "1.2.0"\nprettier = "3"\n';

/** Sections of haft.toml that name a program; EVIL is one in the checkout. */
const SECTIONS: Readonly<Record<string, string>> = {
  "[tasks]": '[tasks.evil]\nrun = "EVIL"\n',
  "[apps]": '[apps.evil]\ncommand = "EVIL"\n',
  "[apps] with a health check": '[apps.evil]\ncommand = "sleep 1"\nhealth = { exec = "EVIL" }\n',
  "[apps] with a schedule": '[apps.evil]\ncommand = "EVIL"\nschedule = "* * * * *"\n',
  "[backends]": '[backends.evil]\ncommand = "EVIL"\n',
  "[backends] for a task": '[backends.evil]\ncommand = "EVIL"\n[tasks.evil]\nbackend = "evil"\n',
  "[env] PATH": '[env]\nPATH = "DIR/bin"\n',
  "[env] LD_PRELOAD and NODE_OPTIONS":
    '[env]\nLD_PRELOAD = "DIR/evil.so"\nNODE_OPTIONS = "--require DIR/evil.js"\nBUN_OPTIONS = "--preload DIR/evil.js"\nBASH_ENV = "DIR/evil.sh"\nENV = "DIR/evil.sh"\n',
  "install_env":
    '[tools."npm:harmless"]\nversion = "1"\ninstall_env = { BUN_OPTIONS = "--preload DIR/evil.js", NODE_OPTIONS = "--require DIR/evil.js" }\n',
  "options":
    '[tools."npm:harmless"]\nversion = "1"\noptions = { postinstall = "EVIL", trusted = ["harmless"] }\n',
  "[settings] that only a user may give":
    '[settings]\ntrusted_paths = ["/"]\nauto_install = true\ntrust = true\n[tasks.evil]\nrun = "EVIL"\n',
  "[settings] trusted_paths": '[settings]\ntrusted_paths = ["DIR"]\n[tasks.evil]\nrun = "EVIL"\n',
  "[daemon]":
    '[daemon]\nlisten = { roo = "DIR/roo.sock" }\nroo = { task = "evil", cwd = "DIR" }\n[tasks.evil]\nrun = "EVIL"\n',
  "[hooks] and [scripts]":
    '[hooks]\nenter = "EVIL"\npostinstall = "EVIL"\n[scripts]\nsync = "EVIL"\n[tools]\nesbuild = { version = "1.2.0", postinstall = "EVIL" }\n',
  "templates":
    '[env]\nA = "$(EVIL)"\nB = "`EVIL`"\nC = "{{ exec(command=\'EVIL\') }}"\nD = "${A:-$(EVIL)}"\n',
  "templates in versions": '[tools]\nesbuild = "$(EVIL)"\n"npm:$(EVIL)" = "1"\n',
};

/** Other files, each with what runs the stranger's code in the program that it is for. */
const FILES: Readonly<Record<string, (world: World) => Record<string, string>>> = {
  "bunfig.toml": () => ({
    "bunfig.toml":
      'preload = ["./evil.js"]\n[test]\npreload = ["./evil.js"]\n[install]\nsecurity.scanner = "./evil.js"\n[run]\nshell = "./evil.sh"\n',
  }),
  ".env": () => ({
    ".env":
      "HAFT_TRUST=1\nHAFT_HOME=.\nBUN_OPTIONS=--preload ./evil.js\nNODE_OPTIONS=--require ./evil.js\nPATH=.\nBUN_BE_BUN=1\nBUN_INSPECT_PRELOAD=./evil.js\n",
  }),
  "package.json's scripts": () => ({
    "package.json": JSON.stringify({
      scripts: Object.fromEntries(
        ["preinstall", "install", "postinstall", "prepare", "esbuild", "evil"].map((
          name,
        ) => [name, "sh ./evil.sh"]),
      ),
      bin: { esbuild: "./evil.sh", evil: "./evil.sh" },
      main: "./evil.js",
      imports: { "helper": "./evil.js" },
      volta: { node: "22.0.0", hooks: "./evil.sh" },
      packageManager: "./evil.sh@1.0.0",
    }),
  }),
  "node_modules": () => ({
    "node_modules/.bin/esbuild": "EVIL",
    "node_modules/.bin/node": "EVIL",
    "node_modules/helper/index.js": "JS",
    "node_modules/prettier/bin.js": "JS",
    "node_modules/helper/package.json": '{"name":"helper","version":"1.0.0"}',
  }),
  "programs in the directory": () =>
    Object.fromEntries(
      ["esbuild", "node", "sh", "git", "haft", "bun", "prettier", "evil", "bin/esbuild", ".bin/esbuild"].map((
        name,
      ) => [name, "EVIL"]),
    ),
  ".npmrc": () => ({
    ".npmrc":
      "ignore-scripts=false\nscript-shell=./evil.sh\nnode-options=--require ./evil.js\ngit=./evil.sh\nglobalconfig=./x\nprefix=.\nshell=./evil.sh\neditor=./evil.sh\nbrowser=./evil.sh\n",
    "etc/npmrc": "script-shell=./evil.sh\n",
  }),
  "pnpm's and yarn's programs": () => ({
    ".pnpmfile.cjs": "JS",
    "pnpm-workspace.yaml": "pnpmfile: ./evil.js\nnodeLinker: hoisted\n",
    ".yarnrc": 'yarn-path "./evil.js"\n',
    ".yarnrc.yml": "yarnPath: ./evil.js\nplugins:\n  - ./evil.js\n",
    ".pnp.cjs": "JS",
    ".pnp.loader.mjs": "JS",
  }),
  "mise.toml": () => ({
    "mise.toml":
      '[tools]\nesbuild = "1.2.0"\n"npm:harmless" = { version = "1", postinstall = "EVIL" }\n[env]\n_.source = "./evil.sh"\n_.file = ".env"\nA = "{{ exec(command=\'EVIL\') }}"\n[hooks]\nenter = "EVIL"\npreinstall = "EVIL"\npostinstall = "EVIL"\n[tasks.evil]\nrun = "EVIL"\n[alias]\nesbuild = "./evil.sh"\n[plugins]\nesbuild = "./evil"\n[settings]\nauto_install = true\ntrusted_config_paths = ["/"]\n',
    ".mise.toml": '[hooks]\nenter = "EVIL"\n',
    ".mise/tasks/evil": "EVIL",
  }),
  "vx.toml": () => ({
    "vx.toml":
      '[tools]\nesbuild = "1.2.0"\n[scripts]\nevil = "EVIL"\n[hooks]\npost_setup = "EVIL"\npre_commit = "EVIL"\n[settings]\nauto_install = true\n[env]\nPATH = "."\n',
  }),
  ".tool-versions": () => ({
    ".tool-versions": "esbuild path:./evil\nnode ref:main\nprettier 3;EVIL\nevil $(EVIL)\n",
    ".nvmrc": "$(EVIL)\n",
    ".node-version": "`EVIL`\n",
    ".python-version": "3.12; EVIL\n",
  }),
  ".git": () => ({
    ".git/config":
      '[core]\nfsmonitor = EVIL\nhooksPath = .\npager = EVIL\nsshCommand = EVIL\n[alias]\nls-files = "!EVIL"\n',
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/hooks/post-checkout": "EVIL",
    ".gitmodules": '[submodule "x"]\npath = x\nurl = ext::EVIL\nupdate = !EVIL\n',
  }),
  "a shell's and an editor's files": () => ({
    ".envrc": "EVIL",
    ".bashrc": "EVIL",
    ".profile": "EVIL",
    ".vscode/tasks.json": '{"tasks":[{"command":"EVIL","runOptions":{"runOn":"folderOpen"}}]}',
    "Makefile": "all:\n\tEVIL\n",
    "lefthook.yml": "post-install:\n  commands:\n    evil:\n      run: EVIL\n",
  }),
  "python's files": () => ({
    "sitecustomize.py": "import os; os.system('EVIL')\n",
    "pyvenv.cfg": "home = .\n",
    "pip.conf": "[install]\nno-binary = :all:\n",
    "setup.py": "import os; os.system('EVIL')\n",
    "pyproject.toml":
      '[build-system]\nrequires = []\nbackend-path = ["."]\nbuild-backend = "sitecustomize"\n',
    ".venv/bin/python": "EVIL",
    ".python-version": "./.venv/bin/python\n",
  }),
  "cargo's and go's files": () => ({
    ".cargo/config.toml":
      '[build]\nrustc = "EVIL"\nrustc-wrapper = "EVIL"\n[target.x86_64-unknown-linux-gnu]\nrunner = "EVIL"\n',
    "build.rs": 'fn main() { std::process::Command::new("EVIL").status().unwrap(); }\n',
    "rust-toolchain.toml": '[toolchain]\npath = "."\n',
    "go.env": "GOTOOLCHAIN=path\nGOFLAGS=-toolexec=EVIL\n",
  }),
  "deno's files": () => ({
    "deno.json": '{"tasks":{"evil":"EVIL"},"imports":{"helper":"./evil.js"},"nodeModulesDir":"manual"}',
    "tsconfig.json":
      '{"compilerOptions":{"plugins":[{"name":"./evil.js"}],"paths":{"helper":["./evil.js"]}}}',
    "import_map.json": '{"imports":{"node:fs":"./evil.js"}}',
  }),
  "a lock file that names other executables": () => ({
    "haft.lock":
      'version = 1\n[tools.esbuild]\nrequest = "1.2.0"\nversion = "1.2.0"\nsource = "npm"\nkind = "native"\n[tools.esbuild.platforms]\nlinux-x64-glibc = [{ npm = "esbuild@1.2.0", integrity = "sha512-AAAA" }]\n[tools.esbuild.bin]\nlinux-x64-glibc = { esbuild = "../../../../../src/stranger/evil.sh" }\n',
  }),
  "the state of a haft in the checkout": () => ({
    ".local/state/haft/trust.json": '{"version":1,"trusted":{"/":"x"}}',
    "state/trust.json": '{"version":1,"trusted":{"/":"x"}}',
    "config/config.toml": '[settings]\ntrusted_paths = ["/"]\n',
    ".config/haft/config.toml": '[settings]\ntrusted_paths = ["/"]\n',
    "config.toml": '[settings]\ntrusted_paths = ["/"]\n',
  }),
};

/** Writes the checkout with its payloads; texts that are EVIL or JS are programs. */
function write(world: World, files: Readonly<Record<string, string>>): void {
  const evil = `${world.stranger}/evil.sh`;
  world.file("evil.sh", world.evil(), 0o755);
  world.file("evil.js", world.evilScript(), 0o755);
  world.file("bin/esbuild", world.evil(), 0o755);
  for (const [path, text] of Object.entries(files)) {
    if (text === "EVIL" || text === "JS") {
      world.file(path, text === "JS" ? world.evilScript() : world.evil(), 0o755);
    } else world.file(path, text.replaceAll("EVIL", evil).replaceAll("DIR", world.stranger), 0o755);
  }
}

async function use(world: World): Promise<void> {
  await sweep(world);
  await world.shell(
    `haft x prettier; haft x esbuild; PATH='${world.shims}':"$PATH"; esbuild; prettier; eval "$(haft env --shell bash)"; eval "$(haft completions bash 2>/dev/null)"`,
  );
}

/** Settings by which a tool of the stranger's would be installed unasked, and then run. */
async function withOwnRegistry(world: World, extra: string): Promise<void> {
  await publishTool(world.host.registry, {
    tool: "esbuild",
    version: "1.0.0",
    script: world.evil(),
    padding: 100,
  });
  await publishPackage(world.host.registry, {
    name: "prettier",
    script: world.evilScript(),
    version: "3.0.0",
  });
  await world.shell("haft install esbuild@1.2.0; haft shims");
  write(world, { "haft.toml": `[tools]\nesbuild = "1.0.0"\nprettier = "3"\n${extra}` });
  world.file(".npmrc", world.strangersNpmrc);
  world.watch();
  await world.shell(
    `haft x esbuild; haft x prettier; PATH='${world.shims}':"$PATH"; esbuild; haft sync; esbuild; prettier`,
  );
}

export const code: Kind = {
  kind: "code",
  attacks: [
    ...Object.entries(SECTIONS).map(([name, text]): Attack => ({
      name: `haft.toml's ${name}`,
      run: async (world) => {
        await publishPackage(world.registry, { name: "harmless", script: "#!/bin/sh\n" });
        write(world, {
          "haft.toml": text.startsWith("[tools]") || text.includes("\n[tools]") ? text : TOOLS + text,
        });
        await use(world);
      },
    })),
    ...Object.entries(FILES).map(([name, files]): Attack => ({
      name,
      run: async (world) => {
        await publishPackage(world.registry, { name: "harmless", script: "#!/bin/sh\n" });
        write(world, { "haft.toml": TOOLS, ...files(world) });
        await use(world);
      },
    })),
    ...[["auto_install", "[settings]\nauto_install = true\n"], [
      "auto_install and mirrors",
      "[settings]\nauto_install = true\n[mirrors]\n",
    ]]
      .map(([name = "", text = ""]): Attack => ({
        name: `[settings] ${name}, and a registry of the stranger's`,
        run: async (world) =>
          await withOwnRegistry(
            world,
            text.replace("[mirrors]\n", `[mirrors]\n"${world.registry.url}" = "${world.host.url}"\n`),
          ),
      })),
    {
      name: "a directory whose name is shell",
      run: async (world) => {
        const inner = `${world.stranger}/$(sh evil.sh)';sh evil.sh;'"\`sh evil.sh\``;
        world.file("evil.sh", world.evil(), 0o755);
        world.file(`${inner}/haft.toml`, TOOLS);
        await world.shell(
          'cd -- "$D"; haft sync; haft trust; haft env --shell bash; eval "$(haft env --shell bash)"; eval "$(haft activate bash)"',
          {
            env: { D: inner },
          },
        );
        await world.shell(
          `cd -- "$D"; PATH='${world.shims}':"$PATH"; esbuild; sleep 2.2; esbuild; esbuild; esbuild`,
          {
            env: { D: inner },
          },
        );
      },
    },
    ...[
      '[tasks.evil]\nrun = "EVIL"\n',
      '[apps.evil]\ncommand = "EVIL"\n',
      '[backends.evil]\ncommand = "EVIL"\n',
    ].map((text): Attack => ({
      name: `${/\[[a-z]+/.exec(text)?.[0].slice(1)} run once they are trusted`,
      sees: "code",
      run: async (world) => {
        write(world, { "haft.toml": TOOLS + text });
        await world.shell("haft trust --yes || haft trust");
        await use(world);
      },
    })),
    {
      name: "[env] counts once it is trusted",
      sees: "code",
      run: async (world) => {
        write(world, {
          "haft.toml":
            `${TOOLS}[env]\nNODE_OPTIONS = "--require DIR/evil.js"\nBUN_OPTIONS = "--preload DIR/evil.js"\nPATH = "DIR/bin:/usr/bin:/bin"\n`,
        });
        await world.shell(
          'haft trust --yes || haft trust; haft sync; haft x prettier; eval "$(haft env --shell bash)"; esbuild',
        );
      },
    },
    {
      name: "the stranger's own registry counts once it is trusted",
      sees: "code",
      run: async (world) => {
        await publishTool(world.host.registry, {
          tool: "esbuild",
          version: "1.0.0",
          script: world.evil(),
          padding: 100,
        });
        write(world, { "haft.toml": '[tools]\nesbuild = "1.0.0"\n' });
        world.file(".npmrc", world.strangersNpmrc);
        await world.shell("haft trust --yes || haft trust; haft sync; haft x esbuild");
      },
    },
  ],
};
