import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Asset, Github, sha256 } from "../support/github_server.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { zipArchive } from "../support/zip_builder.ts";
import { binary, Sandbox } from "./support.ts";

function script(says: string): string {
  return `#!/bin/sh\necho "${says} $*"\n`;
}

const ELF = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, ...new Array(60).fill(0)]);

async function release(version: string): Promise<Asset[]> {
  const archive = await packTarball({ "bin/acme": { content: ELF, mode: 0o644 }, "README.md": "x" }, {
    root: `acme-${version}`,
  });
  const names = ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-apple-darwin"];
  return [
    ...names.map((name) => ({ name: `acme-${version}-${name}.tar.gz`, bytes: archive })),
    {
      name: `acme-${version}-x86_64-pc-windows-msvc.zip`,
      bytes: zipArchive([{ name: "acme.exe", body: "MZ" }]),
    },
    { name: `acme_${version}_amd64.deb`, bytes: new Uint8Array(1) },
  ];
}

Deno.test("github:OWNER/REPO: the asset a person would choose, by digest, and no question once the lock is complete", async () => {
  await using github = await Github.start("owner/acme", {
    "v2.0.0-rc.1": await release("2.0.0-rc.1"),
    "v1.2.0": await release("1.2.0"),
    "v1.1.0": await release("1.1.0"),
  });
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tools]\n"github:owner/acme" = "latest"\n');
  const sync = await sandbox.run(binary, { args: ["sync"], env: github.env });
  assertEquals(sync.code, 0, sync.stderr);
  const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
  assertMatch(
    lock,
    /linux-x64-glibc = \[\{ github = "owner\/acme@v1\.2\.0", asset = "acme-1\.2\.0-x86_64-unknown-linux-gnu\.tar\.gz", integrity = "sha256-/,
  );
  for (const platform of ["linux-x64-musl", "darwin-arm64", "win32-x64"]) {
    assertStringIncludes(lock, `${platform} = [`);
  }
  const which = await sandbox.run(binary, { args: ["which", "acme"], env: github.env });
  assertMatch(which.stdout, /github\+owner\+acme\/1\.2\.0\/acme-1\.2\.0\/bin\/acme\n$/);
  for (const { path, headers } of github.requests) {
    assertEquals(
      headers.authorization,
      path.startsWith("/api/") ? "Bearer token-for-the-api" : undefined,
      path,
    );
  }

  const asked = () => github.requests.filter(({ path }) => path.startsWith("/api/")).length;
  const before = asked();
  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  const again = await sandbox.run(binary, { args: ["sync", "--locked"], env: github.env });
  assertEquals([again.code, asked()], [0, before], again.stderr);
  rmSync(join(sandbox.project, "haft.lock"));
  assertEquals((await sandbox.run(binary, { args: ["sync"], env: github.env })).code, 0);
  assertEquals(github.requests.at(-1)?.headers["if-none-match"], '"v1"');
});

Deno.test("programs that are assets themselves, bare or in gzip, with the publisher's checksums", async () => {
  for (const ending of ["", ".gz"]) {
    const program = new TextEncoder().encode(script("acme ran"));
    const bytes = ending === "" ? program : new Uint8Array(gzipSync(program));
    const name = `acme_linux_amd64${ending}`;
    const sums = new TextEncoder().encode(`${"0".repeat(64)}  other\n${sha256(bytes)} *${name}\n`);
    await using github = await Github.start("owner/acme", {
      "acme-1.0": [{ name, bytes, digest: false }, { name: "checksums.txt", bytes: sums, digest: false }],
    });
    await using sandbox = await Sandbox.create();
    sandbox.manifest('[tools]\n"github:owner/acme" = "1"\n');
    const sync = await sandbox.run(binary, { args: ["sync"], env: github.env });
    assertEquals(sync.code, 0, sync.stderr);
    const run = await sandbox.run(binary, { args: ["x", "acme", "now"], env: github.env });
    assertEquals(run.stdout, "acme ran now\n", run.stderr);
  }
});

Deno.test("an asset without digest and checksum is refused; an unknown repository and a used-up limit are told", async () => {
  const name = "acme_linux_amd64.tar.gz";
  await using github = await Github.start("owner/acme", {
    "v1.0.0": [
      { name, bytes: new Uint8Array(3), digest: false },
      { name: "checksums.txt", bytes: new TextEncoder().encode(`${"0".repeat(64)}  other\n`), digest: false },
    ],
  });
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tools]\n"github:owner/acme" = "1"\n');
  const refused = await sandbox.run(binary, { args: ["sync"], env: github.env });
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, `Refused owner/acme ${name}`);
  sandbox.manifest('[tools]\n"github:owner/none" = "1"\n');
  const unknown = await sandbox.run(binary, { args: ["sync"], env: github.env });
  assertStringIncludes(unknown.stderr, 'Unknown package "owner/none"');
  github.limitedUntil = Date.UTC(2030, 0, 1, 12, 34) / 1000;
  const limited = await sandbox.run(binary, { args: ["sync"], env: github.env });
  assertStringIncludes(limited.stderr, "its limit of requests is used up until 12:34 UTC");
  assertStringIncludes(limited.stderr, "GITHUB_TOKEN");
  assert(!limited.stderr.includes("token-for-the-api"));
  const answers: [status: number, headers: Record<string, string>, next: string][] = [
    [401, {}, "GitHub refuses the token of GITHUB_TOKEN"],
    [429, { "retry-after": "3600" }, "asks to wait 3600 s"],
    [200, { "content-type": "text/html" }, "Check GITHUB_API_URL"],
  ];
  for (const [status, headers, next] of answers) {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response("<html>", { status, headers }),
    );
    const env = { ...github.env, GITHUB_API_URL: `http://127.0.0.1:${server.addr.port}` };
    const { stderr } = await sandbox.run(binary, { args: ["sync"], env });
    assertStringIncludes(stderr, next);
    assert(!/npmrc|NPM_CONFIG/.test(stderr), stderr);
  }
});
