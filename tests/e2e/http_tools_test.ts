/** Tools at their publishers' own addresses, by mirrors on loopback of the layouts that these document. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { zipArchive } from "../support/zip_builder.ts";
import { binary, Sandbox } from "./support.ts";

const arm = process.arch === "arm64";
const goArch = arm ? "arm64" : "amd64";
const cpu = arm ? "aarch64" : "x86_64";

function script(says: string) {
  return { content: `#!/bin/sh\necho "${says} $*"\n`, mode: 0o755 };
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Serves files below a host's folder; what is not made by the test is only in the checksums. */
class Hosts implements AsyncDisposable {
  readonly server: LoopbackRegistry;

  constructor(server: LoopbackRegistry) {
    this.server = server;
  }

  add(address: string, content: string | Uint8Array): void {
    this.server.addFile(`/${address}`, content);
  }

  /** `[mirrors]` for the hosts. */
  mirrors(...hosts: string[]): string {
    return `[mirrors]\n${
      hosts.map((host) => `"https://${host}/" = "${new URL(`/${host}/`, this.server.url).href}"\n`).join("")
    }`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

const releases = (...tags: string[]) => JSON.stringify(tags.map((tag_name) => ({ tag_name })));

async function publish(hosts: Hosts): Promise<void> {
  // Terraform: one list of all versions, one file of checksums for a version.
  const zip = zipArchive([{ name: "terraform", body: script("terraform 1.9.1").content, mode: 0o755 }]);
  const terraform = "releases.hashicorp.com/terraform";
  hosts.add(
    `${terraform}/index.json`,
    JSON.stringify({
      name: "terraform",
      versions: Object.fromEntries(
        ["1.9.1", "1.10.0-beta1", "1.9.0"].map((version) => [version, { version, builds: [] }]),
      ),
    }),
  );
  hosts.add(
    `${terraform}/1.9.1/terraform_1.9.1_SHA256SUMS`,
    ["linux_amd64", "linux_arm64", "darwin_arm64", "windows_amd64", "solaris_amd64"].map((word) =>
      `${word === `linux_${goArch}` ? sha256(zip) : sha256(word)}  terraform_1.9.1_${word}.zip\n`
    ).join(""),
  );
  hosts.add(`${terraform}/1.9.1/terraform_1.9.1_linux_${goArch}.zip`, zip);

  // kubectl: a bare program, its hash alone in a file beside it.
  const kubectl = "dl.k8s.io/release/v1.31.2/bin";
  const program = script("kubectl 1.31.2").content;
  hosts.add(
    "api.github.com/repos/kubernetes/kubernetes/releases",
    releases("v1.32.0-rc.1", "v1.31.2", "v1.30.9"),
  );
  for (const place of ["linux/amd64/kubectl", "linux/arm64/kubectl", "windows/amd64/kubectl.exe"]) {
    hosts.add(`${kubectl}/${place}.sha256`, sha256(place.startsWith(`linux/${goArch}`) ? program : place));
  }
  hosts.add(`${kubectl}/linux/${goArch}/kubectl`, program);

  // Helm: an archive with a folder, its hash and name in a file beside it.
  const archive = await packTarball({ helm: script("helm 3.16.2") }, { root: `linux-${goArch}` });
  const helm = `get.helm.sh/helm-v3.16.2-linux-${goArch}.tar.gz`;
  hosts.add("api.github.com/repos/helm/helm/releases", releases("v3.16.2"));
  hosts.add(helm, archive);
  hosts.add(`${helm}.sha256sum`, `${sha256(archive)}  helm-v3.16.2-linux-${goArch}.tar.gz\n`);

  // Python: versions from addresses in a list, which also tell the date that a release is named by.
  const python = await packTarball({ "bin/python3": script("python 3.13.1") }, { root: "python" });
  const built = "github.com/astral-sh/python-build-standalone/releases/download/20250115";
  const file = (triple: string, version = "3.13.1") =>
    `cpython-${version}%2B20250115-${triple}-install_only.tar.gz`;
  hosts.add(
    "raw.githubusercontent.com/astral-sh/uv/main/crates/uv-python/download-metadata.json",
    JSON.stringify({
      a: { url: `https://${built}/${file("x86_64-unknown-linux-gnu")}`.replace("only.", "only_stripped.") },
      b: { url: `https://${built}/${file("x86_64-unknown-linux-gnu", "3.14.0a4")}` },
      c: { url: "https://example.com/pypy3.10.tar.bz2" },
    }),
  );
  hosts.add(
    `${built}/SHA256SUMS`,
    [`${cpu}-unknown-linux-gnu`, "aarch64-apple-darwin", "x86_64-pc-windows-msvc"].map((triple) =>
      `${triple.includes("linux") ? sha256(python) : sha256(triple)}  ${decodeURIComponent(file(triple))}\n`
    ).join(""),
  );
  hosts.add(`${built}/${file(`${cpu}-unknown-linux-gnu`)}`, python);

  // Corretto: one JSON document with the addresses and the hashes of every version.
  const jdk = await packTarball(
    {
      "bin/java": { content: '#!/bin/sh\necho "java 21 $* in $JAVA_HOME"\n', mode: 0o755 },
      ...Object.fromEntries(["javac", "jar"].map((name) => [`bin/${name}`, script(`${name} 21`)])),
    },
    { root: "amazon-corretto-21.0.5.11.1-linux" },
  );
  const resource = (word: string) =>
    `/downloads/resources/21.0.5.11.1/amazon-corretto-21.0.5.11.1-${word}.tar.gz`;
  const row = (word: string, own: boolean) => ({
    checksum: "0".repeat(32),
    checksum_sha256: own ? sha256(jdk) : sha256(word),
    resource: resource(word),
  });
  hosts.add(
    "corretto.github.io/corretto-downloads/latest_links/indexmap_with_checksum.json",
    JSON.stringify({
      linux: {
        x64: { jdk: { 21: { "tar.gz": row("linux-x64", !arm) } } },
        aarch64: { jdk: { 21: { "tar.gz": row("linux-aarch64", arm) } } },
      },
    }),
  );
  hosts.add(`corretto.aws${resource(arm ? "linux-aarch64" : "linux-x64")}`, jdk);
}

const HOSTS = [
  "releases.hashicorp.com",
  "api.github.com",
  "dl.k8s.io",
  "get.helm.sh",
  "raw.githubusercontent.com",
  "github.com",
  "corretto.github.io",
  "corretto.aws",
];
const TOOLS = `[tools]
terraform = "1"
kubectl = "latest"
helm = { version = "3.16.2", source = "http" }
python = "3.13"
java = { version = "21", source = "http" }
`;

Deno.test("terraform, kubectl, helm, python and a JDK come from their publishers' own addresses", async () => {
  await using hosts = new Hosts(await LoopbackRegistry.start());
  await publish(hosts);
  await using sandbox = await Sandbox.create({ registry: hosts.server.url });
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  sandbox.manifest(TOOLS + hosts.mirrors(...HOSTS));
  assertEquals((await haft("trust")).code, 0);
  const synced = await haft("sync");
  assertEquals(synced.code, 0, synced.stderr);
  assertEquals(sandbox.installed(), [
    "helm+http/3.16.2",
    "java+http/21.0.5",
    "kubectl/1.31.2",
    "python/3.13.1",
    "terraform/1.9.1",
  ]);
  const runs: [args: string[], says: string][] = [
    [["terraform", "plan"], "terraform 1.9.1 plan\n"],
    [["kubectl", "get", "pods"], "kubectl 1.31.2 get pods\n"],
    [["helm", "list"], "helm 3.16.2 list\n"],
    [["python", "x.py"], "python 3.13.1 x.py\n"],
    [["python3", "x.py"], "python 3.13.1 x.py\n"],
    [["javac", "X.java"], "javac 21 X.java\n"],
  ];
  for (const [args, says] of runs) assertEquals((await haft("exec", ...args)).stdout, says);
  // What one of a tool's sources names has a shim, though the preferred one lacks it.
  const shims = readdirSync(join(sandbox.haftHome, "shims"));
  for (const name of ["javac", "jar", "python3", "kubectl"]) assert(shims.includes(name), name);
  assertMatch((await haft("exec", "java", "home")).stdout, /^java 21 home in .*java\+http\/21\.0\.5\n$/);

  // The lock has every platform, under the publishers' addresses; nothing of the others was downloaded.
  const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
  assert(!lock.includes("127.0.0.1"), lock);
  for (
    const address of [
      "releases.hashicorp.com/terraform/1.9.1/terraform_1.9.1_windows_amd64.zip",
      "dl.k8s.io/release/v1.31.2/bin/windows/amd64/kubectl.exe",
      "20250115/cpython-3.13.1%2B20250115-aarch64-apple-darwin-install_only.tar.gz",
      "amazon-corretto-21.0.5.11.1-linux-aarch64.tar.gz",
    ]
  ) assertStringIncludes(lock, address);
  assertEquals(hosts.server.count(/(windows|darwin)[^/]*\.(zip|gz|exe)$/), 0);

  // A complete lock needs no list and no checksums; what was read once is enough without a network.
  hosts.server.fault(/index|SHA256SUMS|releases$|\.sha256|metadata/, { kind: "status", status: 500 });
  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  const locked = await haft("sync", "--locked");
  assertEquals(locked.code, 0, locked.stderr);
  const versions = await haft("ls-remote", "terraform", "--offline");
  assertStringIncludes(versions.stdout, "1.9.1");
  rmSync(join(sandbox.project, "haft.lock"));
  sandbox.manifest(
    `[tools]\nterraform = "1"\npython = "3.13"\njava = { version = "21", source = "http" }\n` +
      hosts.mirrors(...HOSTS),
  );
  assertEquals((await haft("trust")).code, 0);
  const offline = await haft("sync", "--offline");
  assertEquals(offline.code, 0, offline.stderr);
});

Deno.test("a file that differs from its checksum is refused, and so is a lock with another address", async () => {
  await using hosts = new Hosts(await LoopbackRegistry.start());
  await publish(hosts);
  await using sandbox = await Sandbox.create({ registry: hosts.server.url });
  const haft = (...args: string[]) => sandbox.run(binary, { args });
  sandbox.manifest(`[tools]\nterraform = "1.9.1"\n${hosts.mirrors(...HOSTS)}`);
  await haft("trust");
  const path = `releases.hashicorp.com/terraform/1.9.1/terraform_1.9.1_linux_${goArch}.zip`;
  hosts.add(path, zipArchive([{ name: "terraform", body: "#!/bin/sh\necho EVIL\n", mode: 0o755 }]));
  const wrong = await haft("sync");
  assertEquals(wrong.code, 1);
  assertMatch(wrong.stderr, /integrity|hash|checksum/i);
  assertEquals(sandbox.installed(), []);

  await publish(hosts);
  assertEquals((await haft("sync")).code, 0);
  const file = join(sandbox.project, "haft.lock");
  const lock = readFileSync(file, "utf8");
  for (
    const [from, to] of [
      ["releases.hashicorp.com/terraform", "example.com/terraform"],
      ["releases.hashicorp.com/terraform/1.9.1/", "releases.hashicorp.com/packer/1.9.1/"],
      ["/1.9.1/terraform_1.9.1", "/1.9.0/terraform_1.9.0"],
    ] as const
  ) {
    writeFileSync(file, lock.replaceAll(from, to));
    const forged = await haft("sync", "--locked");
    assert(forged.code !== 0, `${to}: ${forged.stdout}${forged.stderr}`);
  }
  const unknown = await haft("use", "terraform@1.99.0");
  assertStringIncludes(unknown.stderr, 'Unknown version "1.99.0" of tool "terraform"');
});
