/** Control characters in what a checkout says, and haft repeats on a terminal. */
import { type Attack, type Kind, sweep } from "./case.ts";
import type { World } from "./world.ts";

/**
 * Moves the cursor, sets the title, writes the clipboard; eight-bit and bidirectional controls. In the
 * escapes of TOML and JSON.
 */
const TOML = "\\u001b[77;77H\\u001b]0;pwned\\u0007\\u001b]52;c;cHduZWQ=\\u0007\\u009b77m\\u202e\\u0008";
const RAW = "\u001b[77;77H\u001b]0;pwned\u0007\u001b]52;c;cHduZWQ=\u0007\u009b77m\u202e\u0008";

/** Files of the checkout; XX stands for the controls. */
const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a tool's name": { "haft.toml": '[tools]\n"XX" = "1"\n' },
  "an npm package's name": { "haft.toml": '[tools]\n"npm:XX" = "1"\n' },
  "a version": { "haft.toml": '[tools]\nesbuild = "XX"\n' },
  "an unknown key": { "haft.toml": '"XX" = 1\n' },
  "an unknown setting": { "haft.toml": '[settings]\n"XX" = 1\n' },
  "an unknown key of a tool": { "haft.toml": '[tools.esbuild]\nversion = "1"\n"XX" = 1\n' },
  "a value of the wrong type": { "haft.toml": '[settings]\njobs = "XX"\n' },
  "a source": { "haft.toml": '[tools.esbuild]\nversion = "1"\nsource = "XX"\n' },
  "a variable's name": { "haft.toml": '[env]\n"XX" = "1"\n' },
  "a variable's value": { "haft.toml": '[env]\nA = "XX"\n' },
  "a mirror": { "haft.toml": '[mirrors]\n"XX" = "XX"\n' },
  "a mirror's address": { "haft.toml": '[mirrors]\n"http://127.0.0.1:1/" = "http://127.0.0.1:1/XX"\n' },
  "a task's name": { "haft.toml": '[tasks."XX"]\nrun = "true"\n' },
  "a task's command": { "haft.toml": '[tasks.evil]\nrun = "true XX"\n' },
  "a task's dependency": { "haft.toml": '[tasks.evil]\nrun = "true"\ndepends = ["XX"]\n' },
  "an unknown key of a task": { "haft.toml": '[tasks.evil]\nrun = "true"\n"XX" = 1\n' },
  "an app's name": { "haft.toml": '[apps."XX"]\ncommand = "true"\n' },
  "an app's command": { "haft.toml": '[apps.evil]\ncommand = "true XX"\n' },
  "an app's dependency": {
    "haft.toml": '[apps.evil]\ncommand = "true"\ndepends_on = { "XX" = "started" }\n',
  },
  "an unknown key of an app": { "haft.toml": '[apps.evil]\ncommand = "true"\n"XX" = 1\n' },
  "a backend's name": { "haft.toml": '[backends."XX"]\ncommand = "true"\n' },
  "a line that is no TOML": { "haft.toml": "[tools]\nRR = = =\n" },
  "a comment before an error": { "haft.toml": "# RR\n[tools]\nx\n" },
  "a version file": {
    ".tool-versions": "RR 1\nesbuild RR\nnode 22RR\n",
    ".nvmrc": "RR\n",
    ".python-version": "RR\n",
  },
  "package.json": {
    "package.json": '{"engines":{"node":"XX"},"volta":{"node":"XX"},"packageManager":"pnpm@XX","name":"XX"}',
  },
  "mise.toml and vx.toml": {
    "mise.toml": '[tools]\nnode = "XX"\n"XX" = "1"\n',
    "vx.toml": '[tools]\nnode = "XX"\n"XX" = "1"\n',
  },
  "a lock file": { "haft.lock": 'version = 1\n[tools."XX"]\nrequest = "XX"\nversion = "XX"\n' },
  "a lock file's request": {
    "haft.toml": '[tools]\nesbuild = "1.2.0"\n',
    "haft.lock":
      'version = 1\n[tools.esbuild]\nrequest = "XX"\nversion = "1.2.0"\nsource = "npm"\nkind = "native"\n[tools.esbuild.platforms]\n',
  },
  "a lock file that is no TOML": { "haft.lock": "RR = = =\n" },
  "a lock of dependencies": {
    "haft.toml": '[tools]\nprettier = "3"\n',
    "haft.lock.d/prettier.bun.lock": "{ RR",
  },
  ".npmrc": {
    "haft.toml": '[tools]\nprettier = "3"\n',
    ".npmrc": "registry=http://127.0.0.1:1/RR\n//RR/:_authToken=${RR}\nRR=RR\n",
  },
};

const AFTER_TRUST = [
  "haft trust --yes || haft trust",
  ...["env", "app start", "app status", "app logs", "task run --output prefixed evil", "task list"]
    .map((command) => `haft ${command}`),
].join("\n");

/** Registries say things, too. */
async function fromRegistry(world: World): Promise<void> {
  for (
    const [name, more] of [["esbuild", { deprecated: RAW }], ["evil", {
      description: RAW,
      bin: { evil: `bin${RAW}.js` },
    }]] as const
  ) {
    await world.host.registry.addPackage({ name, version: "1.0.0", ...more });
    world.host.registry.setTag(name, RAW, "1.0.0");
  }
  world.file(`${world.home}/.npmrc`, world.strangersNpmrc);
  world.file("haft.toml", '[tools]\nesbuild = "9"\n"npm:evil" = "1"\n"npm:nothing" = "1"\n');
  world.host.registry.fault(/nothing/, { kind: "status", status: 418 });
  await sweep(world);
}

export const escapes: Kind = {
  kind: "escapes",
  attacks: [
    ...Object.entries(FILES).map(([name, files]): Attack => ({
      name,
      run: async (world) => {
        for (const [path, text] of Object.entries(files)) {
          world.file(path, text.replaceAll("XX", TOML).replaceAll("RR", RAW));
        }
        await sweep(world);
        await world.shell(AFTER_TRUST, { terminal: true });
      },
    })),
    {
      name: "a directory's name",
      run: async (world) => {
        const directory = `${world.stranger}/x\u001b[77;77H\u001b]0;pwned\u0007\u009b77m\u202e`;
        world.file(
          `${directory}/haft.toml`,
          '[tools]\nesbuild = "1.2.0"\nmissing = "1"\n[tasks.evil]\nrun = "true"\n[apps.evil]\ncommand = "true"\n',
        );
        world.file(`${directory}/.tool-versions`, "nothing 1\n");
        await world.shell(
          'cd -- "$D"\n' +
            [
              "ls",
              "which esbuild",
              "which --why esbuild",
              "trust",
              "trust --list",
              "sync",
              "env",
              "doctor",
              "app status",
              "app start",
              "task run --output prefixed evil",
              "task list --all",
              "use esbuild@1.0.0",
              "daemon status",
              "exec nothing",
              "init",
            ]
              .map((command) => `haft ${command}`).join("\n"),
          { terminal: true, env: { D: directory } },
        );
      },
    },
    { name: "what a registry answers", run: fromRegistry, allow: ["contact"] },
    ...["cursor movement", "titles and the clipboard", "eight-bit and bidirectional controls"].map((
      what,
      index,
    ): Attack => ({
      name: `${what} in the output of an app and a task`,
      run: async (world) => {
        const text = [
          "\\033[77;77H\\033[2J",
          "\\033]0;x\\007\\033]52;c;eA==\\007",
          "\\302\\23377m\\342\\200\\256",
        ][index] ?? "";
        world.file("say.sh", `#!/bin/sh\nprintf '${text} said\\n'\nsleep 1\n`, 0o755);
        world.file(
          "haft.toml",
          '[apps.say]\ncommand = "./say.sh"\nrestart = "no"\n[tasks.say]\nrun = "./say.sh"\n',
        );
        await world.shell("haft trust --yes || haft trust");
        await world.shell(
          "haft task run --output prefixed say\nhaft app start say\nsleep 0.3\nhaft app logs say\nhaft app status\nhaft task list",
          {
            terminal: true,
          },
        );
      },
    })),
    ...["\\033[77;77H", "\\033]0;x\\007", "\\342\\200\\256"].map((text, index): Attack => ({
      name: `controls that another program writes are noticed (${index + 1})`,
      sees: "escape",
      run: async (world) => await world.shell(`printf '${text}'`, { terminal: true }),
    })),
  ],
};
