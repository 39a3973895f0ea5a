import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactServer } from "../support/artifact_server.ts";
import { zipArchive } from "../support/zip_builder.ts";
import { binary, Sandbox } from "./support.ts";

/**
 * A wheel whose one script prints its version; ELF's magic number marks it as a program, as the real ones
 * are.
 */
function wheel(name: string, version: string, says: string): Uint8Array {
  const script = `#!/bin/sh\necho "${says} $*"\n`;
  return zipArchive([
    { name: `${name}-${version}.data/scripts/ruff`, body: script, mode: 0o100755 },
    { name: `${name}-${version}.data/scripts/acme`, body: script, mode: 0o100644 },
    { name: `${name}-${version}.dist-info/WHEEL`, body: "Wheel-Version: 1.0\n", mode: 0o100644 },
  ]);
}

const TAGS = [
  "manylinux_2_17_x86_64.manylinux2014_x86_64",
  "manylinux_2_28_x86_64",
  "musllinux_1_1_x86_64",
  "manylinux2014_aarch64",
  "macosx_11_0_arm64",
  "win_amd64",
];

interface IndexOptions {
  versions: readonly string[];
  yanked?: readonly string[];
  html?: boolean;
}

/** An index of one project, with a wheel of each version for each platform. */
async function index({ versions, yanked = [], html = false }: IndexOptions): Promise<ArtifactServer> {
  const files: Record<string, Uint8Array> = {};
  const listed = versions.flatMap((version) =>
    TAGS.map((tag) => {
      const filename = `ruff-${version}-py3-none-${tag}.whl`;
      const bytes = wheel("ruff", version, `ruff ${version}`);
      files[`files/${filename}`] = bytes;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { filename, url: `../../files/${filename}`, sha256, yanked: yanked.includes(version) };
    })
  );
  const page = html
    ? `<!DOCTYPE html><html><body>${
      listed.map(({ filename, url, sha256, yanked }) =>
        `<a href="${url}#sha256=${sha256}"${yanked ? ' data-yanked=""' : ""}>${filename}</a>`
      ).join("\n")
    }</body></html>`
    : JSON.stringify({
      meta: { "api-version": "1.1" },
      name: "ruff",
      files: [
        { filename: "ruff-9.9.9.tar.gz", url: "../../files/x.tar.gz", hashes: {} },
        ...listed.map(({ sha256, ...file }) => ({ ...file, hashes: { sha256 } })),
      ],
    });
  files["simple/ruff/"] = new TextEncoder().encode(page);
  return await ArtifactServer.start(files);
}

for (const html of [false, true]) {
  Deno.test(`a tool of a Python package index (${html ? "links" : "JSON"}): locked for every platform, installed, run`, async () => {
    await using server = await index({
      versions: ["0.9.0", "0.10.0", "0.10.0.post1", "0.11.0", "1.0rc1"],
      yanked: ["0.11.0"],
      html,
    });
    await using sandbox = await Sandbox.create();
    const env = { PIP_INDEX_URL: server.url("simple/") };
    sandbox.manifest('[tools]\nruff = "0"\n');
    const sync = await sandbox.run(binary, { args: ["sync"], env });
    assertEquals(sync.code, 0, sync.stderr);
    const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
    assertStringIncludes(lock, 'version = "0.10.0"\nsource = "pypi"\nkind = "native"');
    assertMatch(
      lock,
      /linux-x64-glibc = \[\{ pypi = "ruff", file = "ruff-0\.10\.0\.post1-py3-none-manylinux_2_17_x86_64\.manylinux2014_x86_64\.whl", integrity = "sha256-/,
    );
    for (const platform of ["linux-x64-musl", "linux-arm64-glibc", "darwin-arm64", "win32-x64"]) {
      assertStringIncludes(lock, `${platform} = [`);
    }
    assertEquals(lock.includes("linux-arm64-musl"), false);
    assertEquals(lock.includes("127.0.0.1"), false);
    assertEquals(server.requests.filter(({ path }) => path.startsWith("files/")).length, 1);
    const run = await sandbox.run(binary, { args: ["x", "ruff", "check"], env });
    assertEquals(run.stdout, "ruff 0.10.0.post1 check\n", run.stderr);
    assertEquals((await sandbox.run(binary, { args: ["sync", "--locked"], env })).code, 0);
  });
}

Deno.test("pip's own files name the index, with their credentials; a project's pip.conf has no say", async () => {
  await using server = await index({ versions: ["0.10.0"] });
  await using sandbox = await Sandbox.create();
  const config = join(sandbox.root, "home", ".config", "pip");
  mkdirSync(config, { recursive: true });
  const address = server.url("simple").replace("http://", "http://user:pass@");
  writeFileSync(join(config, "pip.conf"), `[global]\nindex-url = ${address}\n`);
  writeFileSync(join(sandbox.project, "pip.conf"), "[global]\nindex-url = http://127.0.0.1:1/\n");
  sandbox.manifest('[tools]\nruff = "0.10"\n');
  const sync = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals(sandbox.installed(), ["ruff/0.10.0"]);
});

Deno.test("a wheel that is not what haft.lock says is refused, and nothing is installed", async () => {
  await using server = await index({ versions: ["0.10.0"] });
  await using sandbox = await Sandbox.create();
  const env = { PIP_INDEX_URL: server.url("simple/") };
  sandbox.manifest('[tools]\nruff = "0.10"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync", "--dry-run"], env })).code, 0);
  assertEquals((await sandbox.run(binary, { args: ["sync"], env })).code, 0);
  const lock = join(sandbox.project, "haft.lock");
  writeFileSync(lock, readFileSync(lock, "utf8").replaceAll(/sha256-[^"]{4}/g, "sha256-AAAA"));
  const again = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "Wrong hash");
});

Deno.test("pypi:NAME without a catalogue entry has the programs that its wheel holds; what is no program is told", async () => {
  const elf = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, ...new Array(60).fill(0)]);
  const name = "acme_tool-1.0-py3-none-manylinux2014_x86_64.whl";
  const bytes = zipArchive([
    { name: "acme_tool-1.0.data/scripts/acme", body: elf, mode: 0o100644 },
    { name: "acme_tool-1.0.data/scripts/helper.py", body: "print(1)\n", mode: 0o100755 },
    { name: "acme_tool/lib.so", body: elf, mode: 0o100755 },
  ]);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const compiled = "compiled-1.0-cp311-cp311-manylinux2014_x86_64.whl";
  const file = (filename: string) => ({ filename, url: `/${filename}`, hashes: { sha256 } });
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  await using server = await ArtifactServer.start({
    [name]: bytes,
    "acme-tool/": text({ files: [file(name)] }),
    "compiled/": text({ files: [file(compiled)] }),
  });
  await using sandbox = await Sandbox.create();
  const env = { PIP_INDEX_URL: server.url("") };
  sandbox.manifest('[tools]\n"pypi:Acme_Tool" = "1"\n');
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  const which = await sandbox.run(binary, { args: ["which", "acme"], env });
  assertMatch(which.stdout, /pypi\+Acme_Tool\/1\.0\.0\/acme_tool-1\.0\.data\/scripts\/acme\n$/);

  sandbox.manifest('[tools]\n"pypi:compiled" = "1"\n"pypi:missing" = "1"\n');
  const refused = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(refused.code, 1);
  assertStringIncludes(
    refused.stderr,
    '"compiled" has no wheel in the Python package index that haft can install',
  );
  assertStringIncludes(refused.stderr, 'Unknown package "missing"');
});
