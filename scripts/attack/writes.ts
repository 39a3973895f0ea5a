/** Links, names and paths in a checkout that lead what haft writes to a place outside of it. */
import { type Attack, type Kind, sweep } from "./case.ts";
import { publishPackage } from "./packages.ts";
import type { World } from "./world.ts";

const TOOLS = '[tools]\nesbuild = "1.2.0"\nprettier = "3"\n';

/** Path in the checkout → where it links to, below the victim's home. */
const LINKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "haft.lock to a file": { "haft.lock": "precious" },
  "haft.lock to a file that is not there": { "haft.lock": ".ssh/authorized_keys" },
  "haft.lock to a directory": { "haft.lock": ".ssh" },
  "haft.lock.d to a directory": { "haft.lock.d": ".ssh" },
  "haft.lock.d to a directory that is not there": { "haft.lock.d": ".config/autostart" },
  "a file of haft.lock.d": { "haft.lock.d/prettier.bun.lock": "precious" },
  "a file of haft.lock.d that is not there": { "haft.lock.d/prettier.bun.lock": ".bash_profile" },
  "haft.toml to a file that is not there": { "haft.toml": ".bash_profile" },
  "haft.toml to a file that is no manifest": { "haft.toml": "precious" },
  "node_modules to a directory": { "node_modules": ".ssh" },
  "package.json to a file": { "package.json": "precious" },
  ".npmrc to a file": { ".npmrc": ".netrc" },
  ".tool-versions to a file": { ".tool-versions": "precious" },
  "version files to secrets": {
    ".nvmrc": ".ssh/id_ed25519",
    "mise.toml": ".cargo/credentials.toml",
    "vx.toml": ".pypirc",
  },
  "temporary names of haft.lock": {
    ".haft.lock.tmp": "precious",
    "haft.lock.tmp": "precious",
    "haft.lock~": "precious",
  },
};

/** Manifests and lock files whose texts become paths. */
const TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a version that is a path": { "haft.toml": '[tools]\nesbuild = "../../../../../precious"\n' },
  "an exact version with a path": {
    "haft.toml": '[tools]\nesbuild = "1.2.0+../../../x"\nprettier = "1.2.0/../../x"\n',
  },
  "a version file's path": {
    ".tool-versions": "esbuild ../../../../x\nprettier /etc/passwd\n",
    ".nvmrc": "../../x\n",
  },
  "a tool's name that is a path": {
    "haft.toml": '[tools]\n"npm:../../x" = "1"\n"npm:@a/../../x" = "1"\n"../x" = "1"\n"npm:/etc" = "1"\n',
  },
  "a tool's name in percent": {
    "haft.toml": '[tools]\n"npm:..%2f..%2fx" = "1"\n"npm:%2e%2e" = "1"\n"npm:.." = "1"\n"npm:@../x" = "1"\n',
  },
  "a lock file's name that is a path": { "haft.lock": lock("../../../x", "1.2.0") },
  "a lock file's version that is a path": { "haft.lock": lock("esbuild", "../../../../x") },
  "a lock file's package that is a path": {
    "haft.lock": lock("esbuild", "1.2.0").replace("esbuild@1", "../../x@1"),
  },
  "a lock file with prototypes": {
    "haft.lock": lock("__proto__", "1.2.0"),
    "haft.toml": '[tools]\n__proto__ = "1"\nconstructor = "1"\n',
  },
};

function lock(tool: string, version: string): string {
  const artifact = `[{ npm = "esbuild@1.2.0", integrity = "sha512-${"A".repeat(86)}==" }]`;
  return `version = 1\n[tools."${tool}"]\nrequest = "1.2.0"\nversion = "${version}"\nsource = "npm"\nkind = "native"\n[tools."${tool}".platforms]\nlinux-x64-glibc = ${artifact}\nlinux-arm64-glibc = ${artifact}\n`;
}

/** Paths that a package gives its executables. */
const BINS: readonly string[] = [
  "../../../../../../precious",
  "/etc/passwd",
  "./../../x",
  "..\\..\\x",
  "link",
  "C:\\x",
];

async function use(world: World): Promise<void> {
  await sweep(world, { part: "installing" });
  await world.shell(
    "haft sync; haft use esbuild@1.0.0; haft sync --force; haft init; haft sync --locked; haft uninstall esbuild --all",
  );
}

export const writes: Kind = {
  kind: "writes",
  attacks: [
    ...Object.entries(LINKS).map(([name, links]): Attack => ({
      name: `${name}`,
      run: async (world) => {
        if (links["haft.toml"] === undefined) world.file("haft.toml", TOOLS);
        for (const [path, target] of Object.entries(links)) world.link(path, `${world.home}/${target}`);
        await use(world);
      },
    })),
    ...Object.entries(TEXTS).map(([name, files]): Attack => ({
      name,
      run: async (world) => {
        for (const [path, text] of Object.entries({ "haft.toml": TOOLS, ...files })) world.file(path, text);
        await use(world);
      },
    })),
    ...BINS.map((path, index): Attack => ({
      name: `a package with its executable at ${path}`,
      run: async (world) => {
        const name = `path-${index}`;
        await publishPackage(world.registry, {
          name,
          script: world.evilScript(),
          bin: { harmless: path, [name]: "bin.js" },
        });
        world.file("haft.toml", `[tools]\n"npm:${name}" = "1"\n`);
        await world.shell(`haft sync; PATH='${world.shims}':"$PATH"; harmless`);
      },
    })),
    {
      name: "a link of a package out of the store",
      run: async (world) => {
        await world.registry.addPackage({ name: "linked", version: "1.0.0", bin: { linked: "l/precious" } }, {
          l: { symlink: world.home },
          "l/precious": "overwritten",
        });
        world.file("haft.toml", '[tools]\n"npm:linked" = "1"\n');
        await world.shell("haft sync; haft x linked");
      },
    },
    {
      name: "a link in the checkout that is written through is noticed",
      sees: "write",
      run: async (world) => {
        world.link("haft.lock", `${world.home}/precious`);
        await world.shell("echo overwritten > haft.lock");
      },
    },
    {
      name: "a lock file in the checkout itself is no write outside",
      run: async (world) => {
        world.file("haft.toml", TOOLS);
        const { output } = await world.shell("haft sync >/dev/null 2>&1; cat haft.lock haft.lock.d/*");
        if (!output.includes("prettier@3.0.0")) world.complain("answer", output);
      },
    },
  ],
};
