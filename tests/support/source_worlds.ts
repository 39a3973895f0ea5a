/**
 * One tool of every source, served on loopback by one server each, so that a fault can be tried on all of
 * them alike. Every tool prints its name and its arguments.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "./loopback_registry.ts";
import { packTarball } from "./pack_tarball.ts";
import { zipArchive } from "./zip_builder.ts";

export interface SourceWorld {
  server: LoopbackRegistry;
  /** haft.toml. */
  manifest: string;
  executable: string;
  /** What it prints for the argument `x`. */
  says: string;
  /** The path at which the tool's file is downloaded. */
  artifact: string;
  /** Whether the manifest asks for more than tools: a build, or mirrors. */
  needsTrust: boolean;
  /** Variables, and files of the home, that lead to the server. */
  env: Record<string, string>;
  home: Readonly<Record<string, string>>;
}

type Served = Omit<SourceWorld, "server" | "says" | "needsTrust"> & { says?: string; needsTrust?: boolean };

/** Below 128 KiB a file would arrive in two chunks: a kill in the middle needs more. */
const PADDING = 300_000;

const arm = process.arch === "arm64";
const padding = () => randomBytes(PADDING);
const text = (value: string) => new TextEncoder().encode(value);
const program = (name: string) => ({ content: `#!/bin/sh\necho "${name} $*"\n`, mode: 0o755 });
const hash = (algorithm: string, bytes: Uint8Array | string) =>
  createHash(algorithm).update(bytes).digest("hex");

async function npmNative(server: LoopbackRegistry): Promise<Served> {
  const word = arm ? "linux-arm64" : "linux-x64";
  await server.addPackage({ name: "@biomejs/biome", version: "2.0.0" });
  const { path } = await server.addPackage({ name: `@biomejs/cli-${word}`, version: "2.0.0" }, {
    biome: program("biome"),
    "data.bin": padding(),
  });
  for (const other of ["linux-x64-musl", "darwin-arm64", "win32-x64"]) {
    await server.addPackage({ name: `@biomejs/cli-${other}`, version: "2.0.0" }, { biome: other });
  }
  return { manifest: 'biome = "2.0.0"', executable: "biome", artifact: path, env: npmEnv(server), home: {} };
}

async function npmBundled(server: LoopbackRegistry): Promise<Served> {
  const { path } = await server.addPackage({
    name: "acme",
    version: "1.0.0",
    bin: { acme: "acme.sh" },
    dependencies: { inner: "1" },
    bundleDependencies: ["inner"],
  }, {
    "acme.sh": program("acme"),
    "node_modules/inner/package.json": '{"name":"inner","version":"1.0.0"}',
    "data.bin": padding(),
  });
  return { manifest: '"npm:acme" = "1"', executable: "acme", artifact: path, env: npmEnv(server), home: {} };
}

async function npmWithBun(server: LoopbackRegistry): Promise<Served> {
  await server.addPackage({ name: "inner", version: "1.0.0" });
  const { path } = await server.addPackage({
    name: "acme",
    version: "1.0.0",
    bin: { acme: "acme.sh" },
    dependencies: { inner: "1" },
  }, { "acme.sh": program("acme"), "data.bin": padding() });
  return { manifest: '"npm:acme" = "1"', executable: "acme", artifact: path, env: npmEnv(server), home: {} };
}

function npmEnv(server: LoopbackRegistry): Record<string, string> {
  return { npm_config_registry: server.url };
}

function pypi(server: LoopbackRegistry): Served {
  const filename = `ruff-0.9.0-py3-none-manylinux_2_17_${arm ? "aarch64" : "x86_64"}.whl`;
  const wheel = zipArchive([
    { name: "ruff-0.9.0.data/scripts/ruff", body: program("ruff").content, mode: 0o100755 },
    { name: "ruff-0.9.0.data/data/data.bin", body: padding() },
    { name: "ruff-0.9.0.dist-info/WHEEL", body: "Wheel-Version: 1.0\n" },
  ]);
  server.addFile(`/files/${filename}`, wheel);
  const file = { filename, url: `../../files/${filename}`, hashes: { sha256: hash("sha256", wheel) } };
  const others = ["musllinux_1_1_x86_64", "macosx_11_0_arm64", "win_amd64"].map((tag) => ({
    filename: `ruff-0.9.0-py3-none-${tag}.whl`,
    url: "../../files/other.whl",
    hashes: { sha256: hash("sha256", tag) },
  }));
  const index = { meta: { "api-version": "1.1" }, name: "ruff", files: [file, ...others] };
  server.addFile("/simple/ruff/", JSON.stringify(index), { type: "application/json" });
  return {
    manifest: 'ruff = "0.9"',
    executable: "ruff",
    artifact: `/files/${filename}`,
    env: { PIP_INDEX_URL: new URL("simple/", server.url).href },
    home: {},
  };
}

const MODULE_HASH = `h1:${"A".repeat(43)}=`;
const FAKE_GO = `#!/bin/sh
case $1 in
install) printf '#!/bin/sh\\necho "acme $*"\\n' > "$GOBIN/acme"; sed -i 's/acme .*"/acme $*"/' "$GOBIN/acme"; chmod 755 "$GOBIN/acme" ;;
version) printf '%s: go1.99.0\\n\\tpath\\texample.com/acme\\n\\tmod\\texample.com/acme\\tv1.0.0\\t${MODULE_HASH}\\n' "$3" ;;
*) echo "go $*" ;;
esac
`;

/** Go itself, and a program that it builds: the toolchain's zip is what is downloaded. */
function go(server: LoopbackRegistry): Served {
  const version = `v0.0.1-go1.99.0.linux-${arm ? "arm64" : "amd64"}`;
  const members = {
    [`golang.org/toolchain@${version}/bin/go`]: text(FAKE_GO),
    [`golang.org/toolchain@${version}/bin/gofmt`]: text("#!/bin/sh\n"),
    [`golang.org/toolchain@${version}/data.bin`]: padding(),
  };
  const lines = Object.entries(members).sort().map(([name, body]) => `${hash("sha256", body)}  ${name}\n`);
  const h1 = `h1:${createHash("sha256").update(lines.join("")).digest("base64")}`;
  const zip = zipArchive(Object.entries(members).map(([name, body]) => ({ name, body })));
  const artifact = `/golang.org/toolchain/@v/${version}.zip`;
  server.addFile(artifact, zip);
  const record = (module: string, sum: string) => `7\n${module} ${sum}\n${module}/go.mod h1:x=\n`;
  server.addFile("/sumdb/sum.example/supported", "");
  server.addFile(
    `/sumdb/sum.example/lookup/golang.org/toolchain@${version}`,
    record(`golang.org/toolchain ${version}`, h1),
  );
  const other = "v0.0.1-go1.99.0.darwin-arm64";
  server.addFile(
    `/sumdb/sum.example/lookup/golang.org/toolchain@${other}`,
    record(`golang.org/toolchain ${other}`, MODULE_HASH),
  );
  server.addFile("/golang.org/toolchain/@v/list", `${version}\n${other}\n`);
  server.addFile("/example.com/acme/@v/list", "v1.0.0\n");
  server.addFile(
    "/sumdb/sum.example/lookup/example.com/acme@v1.0.0",
    record("example.com/acme v1.0.0", MODULE_HASH),
  );
  return {
    manifest: '"go:example.com/acme" = "1"',
    executable: "acme",
    artifact,
    env: { GOPROXY: `${server.url.replace(/\/$/, "")},direct`, GOSUMDB: "sum.example" },
    home: {},
  };
}

const FAKE_CARGO = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --root) root=$2 ;; esac
  shift
done
mkdir -p "$root/bin"
printf '#!/bin/sh\\necho "acme $''*"\\n' > "$root/bin/acme"
chmod 755 "$root/bin/acme"
`;

async function cargo(server: LoopbackRegistry): Promise<Served> {
  const crate = await packTarball({
    "Cargo.toml": '[package]\nname = "acme"\nversion = "1.0.0"\n',
    "Cargo.lock": "version = 4\n",
    "data.bin": padding(),
  }, { root: "acme-1.0.0" });
  server.addFile("/dl/acme/1.0.0.crate", crate);
  const facts = { name: "acme", vers: "1.0.0", cksum: hash("sha256", crate), yanked: false };
  server.addFile("/index/ac/me/acme", `${JSON.stringify(facts)}\n`);
  server.addFile("/index/config.json", JSON.stringify({ dl: `${server.url}dl/{crate}/{version}.crate` }));
  const source =
    `[source.crates-io]\nreplace-with = "ours"\n[source.ours]\nregistry = "sparse+${server.url}index/"\n`;
  return {
    manifest: '"cargo:acme" = "1"',
    executable: "acme",
    artifact: "/dl/acme/1.0.0.crate",
    needsTrust: true,
    env: {},
    home: { ".cargo/config.toml": source, "bin/cargo": FAKE_CARGO },
  };
}

/** A java that says what it was started with, without the jar. */
const FAKE_JAVA = '#!/bin/sh\nshift 2\necho "acme $*"\n';

function maven(server: LoopbackRegistry): Served {
  const jar = padding();
  const base = "/m2/org/acme/acme";
  const artifact = `${base}/2.1/acme-2.1-all.jar`;
  const list = "<version>2.1</version>";
  server.addFile(
    `${base}/maven-metadata.xml`,
    `<?xml version="1.0"?><metadata><versioning><versions>${list}</versions></versioning></metadata>`,
  );
  server.addFile(artifact, jar);
  server.addFile(`${artifact}.sha256`, hash("sha256", jar));
  const settings = `<settings><mirrors><mirror><id>ours</id><mirrorOf>*</mirrorOf><url>${server.url}m2</url>
    </mirror></mirrors></settings>`;
  return {
    manifest: '"maven:org.acme:acme:all" = "2"',
    executable: "acme",
    artifact,
    env: {},
    home: { ".m2/settings.xml": settings, "bin/java": FAKE_JAVA },
  };
}

async function github(server: LoopbackRegistry): Promise<Served> {
  // An asset's program is known by its first bytes.
  const echo = { content: readFileSync("/bin/echo"), mode: 0o755 };
  const archive = await packTarball({ acme: echo, "data.bin": padding() }, { root: "acme" });
  const name = `acme-1.2.0-${arm ? "aarch64" : "x86_64"}-unknown-linux-gnu.tar.gz`;
  const others = ["x86_64-unknown-linux-musl", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"]
    .map((triple) => ({ name: `acme-1.2.0-${triple}.tar.gz`, digest: `sha256:${hash("sha256", triple)}` }));
  const assets = [{ name, digest: `sha256:${hash("sha256", archive)}` }, ...others];
  server.addFile(
    "/api/repos/owner/acme/releases",
    JSON.stringify([{ tag_name: "v1.2.0", draft: false, prerelease: false, assets }]),
  );
  const artifact = `/owner/acme/releases/download/v1.2.0/${name}`;
  server.addFile(artifact, archive);
  const url = server.url.replace(/\/$/, "");
  return {
    manifest: '"github:owner/acme" = "1"',
    executable: "acme",
    artifact,
    says: "x\n",
    env: { GITHUB_API_URL: `${url}/api`, GITHUB_SERVER_URL: url },
    home: {},
  };
}

function http(server: LoopbackRegistry): Served {
  const zip = zipArchive([
    { name: "terraform", body: program("terraform").content, mode: 0o100755 },
    { name: "data.bin", body: padding() },
  ]);
  const base = "/releases.hashicorp.com/terraform";
  const name = `terraform_1.9.1_linux_${arm ? "arm64" : "amd64"}.zip`;
  server.addFile(`${base}/index.json`, JSON.stringify({ versions: { "1.9.1": { version: "1.9.1" } } }));
  const others = ["darwin_arm64", "windows_amd64"].map((word) =>
    `${hash("sha256", word)}  terraform_1.9.1_${word}.zip\n`
  );
  server.addFile(
    `${base}/1.9.1/terraform_1.9.1_SHA256SUMS`,
    [`${hash("sha256", zip)}  ${name}\n`, ...others].join(""),
  );
  server.addFile(`${base}/1.9.1/${name}`, zip);
  const mirror = `[mirrors]\n"https://releases.hashicorp.com/" = "${server.url}releases.hashicorp.com/"\n`;
  return {
    manifest: `terraform = "1"\n\n${mirror}`,
    executable: "terraform",
    artifact: `${base}/1.9.1/${name}`,
    needsTrust: true,
    env: {},
    home: {},
  };
}

const KINDS = { npmNative, npmBundled, npmWithBun, pypi, go, cargo, maven, github, http } as const;

export type SourceKind = keyof typeof KINDS;
export const SOURCE_KINDS: readonly SourceKind[] = [
  "npmNative",
  "npmBundled",
  "npmWithBun",
  "pypi",
  "go",
  "cargo",
  "maven",
  "github",
  "http",
];

export async function sourceWorld(kind: SourceKind): Promise<SourceWorld> {
  const server = await LoopbackRegistry.start();
  const world = await KINDS[kind](server);
  const says = `${world.executable} x\n`;
  return { says, needsTrust: false, ...world, server, manifest: `[tools]\n${world.manifest}\n` };
}

/** Writes what a world has in its user's home, and gives the variables for it. */
export function enterWorld({ home: files, env }: SourceWorld, home: string): Record<string, string> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o755 });
  }
  return { ...env, PATH: `${join(home, "bin")}:/usr/local/bin:/usr/bin:/bin` };
}
