import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactServer } from "../support/artifact_server.ts";
import { zipArchive } from "../support/zip_builder.ts";
import { binary, Sandbox } from "./support.ts";

const MODULE_HASH = `h1:${"A".repeat(43)}=`;

const COMMITTED = "v2.1.1-0.20250101000000-0123456789ab";

/** What the proxy does not list → the version that it has for it. */
const UNLISTED: Readonly<Record<string, string>> = {
  "v2.0.5": "v2.0.5",
  "v2.2.0-rc.0": "v2.2.0-rc.0",
  [COMMITTED]: COMMITTED,
  "main": COMMITTED,
  "0123456789ab": COMMITTED,
  "abcdef1": COMMITTED,
};

/**
 * A Go that builds a program which tells what the build saw, and says that it comes from the locked module.
 */
const FAKE_GO = `#!/bin/sh
case $1 in
install)
  for last; do :; done
  printf '#!/bin/sh\\necho "acme from %s, secret %s, flags %s"\\n' "$last" "\${SECRET-none}" "$GOFLAGS" > "$GOBIN/acme"
  chmod 755 "$GOBIN/acme" ;;
version)
  printf '%s: go1.99.0\\n\\tpath\\texample.com/acme/v2\\n\\tmod\\texample.com/acme/v2\\tv2.1.0\\t${MODULE_HASH}\\n' "$3" ;;
esac
`;

/** The hash of a module's zip, by Go's rule. */
function h1(files: Readonly<Record<string, string>>): string {
  const sha256 = (text: string) => createHash("sha256").update(text);
  const lines = Object.keys(files).sort().map((name) =>
    `${sha256(files[name] ?? "").digest("hex")}  ${name}\n`
  );
  return `h1:${sha256(lines.join("")).digest("base64")}`;
}

/** A module proxy with Go itself and one program, and its checksum database. */
async function proxy(): Promise<ArtifactServer> {
  const text = (value: string) => new TextEncoder().encode(value);
  const files: Record<string, Uint8Array> = { "sumdb/sum.example/supported": text("") };
  const listed: string[] = [];
  for (const go of ["1.98.0", "1.99.0", "1.100rc1"]) {
    for (const word of ["linux-amd64", "linux-arm64", "darwin-arm64"]) {
      const version = `v0.0.1-go${go}.${word}`;
      listed.push(version);
      const members = {
        [`golang.org/toolchain@${version}/bin/go`]: FAKE_GO,
        [`golang.org/toolchain@${version}/bin/gofmt`]: "#!/bin/sh\n",
        [`golang.org/toolchain@${version}/VERSION`]: `go${go}\n`,
      };
      const zip = zipArchive(Object.entries(members).map(([name, body]) => ({ name, body, mode: 0o100644 })));
      files[`golang.org/toolchain/@v/${version}.zip`] = zip;
      const record = `7\ngolang.org/toolchain ${version} ${
        h1(members)
      }\ngolang.org/toolchain ${version}/go.mod h1:x=\n`;
      files[`sumdb/sum.example/lookup/golang.org/toolchain@${version}`] = text(record);
    }
  }
  files["golang.org/toolchain/@v/list"] = text(listed.join("\n"));
  files["example.com/acme/v2/@v/list"] = text("v2.0.0\nv2.1.0\nv2.2.0-rc.1\n");
  for (const [query, version] of Object.entries(UNLISTED)) {
    files[`example.com/acme/v2/@v/${query}.info`] = text(JSON.stringify({ Version: version }));
    files[`sumdb/sum.example/lookup/example.com/acme/v2@${version}`] = text(
      `9\nexample.com/acme/v2 ${version} ${MODULE_HASH}\n`,
    );
  }
  const record = `9\nexample.com/acme/v2 v2.1.0 ${MODULE_HASH}\nexample.com/acme/v2 v2.1.0/go.mod h1:x=\n`;
  files["sumdb/sum.example/lookup/example.com/acme/v2@v2.1.0"] = text(record);
  return await ArtifactServer.start(files);
}

Deno.test("Go itself comes from the module proxy, checked by the checksum database, for every platform", async () => {
  await using server = await proxy();
  await using sandbox = await Sandbox.create();
  const env = { GOPROXY: `${server.url("")},direct`, GOSUMDB: "sum.example" };
  sandbox.manifest('[tools]\ngo = "1"\n');
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
  assertMatch(
    lock,
    /version = "1\.99\.0"\nsource = "go"\nkind = "native"[^]*linux-x64-musl = \[\{ go = "golang\.org\/toolchain@v0\.0\.1-go1\.99\.0\.linux-amd64", integrity = "h1:/,
  );
  assertEquals([lock.includes("darwin-arm64"), lock.includes("win32")], [true, false]);
  const which = await sandbox.run(binary, { args: ["which", "gofmt"], env });
  assertMatch(which.stdout, /store\/go\/1\.99\.0\/bin\/gofmt\n$/);

  const path = join(sandbox.project, "haft.lock");
  writeFileSync(path, lock.replaceAll(/h1:[A-Za-z0-9]{4}/g, "h1:AAAA"));
  const wrong = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "Wrong hash");
});

Deno.test("go:PACKAGE is built by haft's own Go, in a clean environment with the user's Go settings", async () => {
  await using server = await proxy();
  await using sandbox = await Sandbox.create();
  const env = { GOPROXY: server.url(""), GOSUMDB: "sum.example", GOFLAGS: "-v", SECRET: "do-not-send" };
  sandbox.manifest('[tools]\n"go:example.com/acme/v2/cmd/acme" = "2"\n');
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  assertStringIncludes(
    readFileSync(join(sandbox.project, "haft.lock"), "utf8"),
    `any = [{ go = "example.com/acme/v2@v2.1.0", package = "example.com/acme/v2/cmd/acme", integrity = "${MODULE_HASH}" }]`,
  );
  const { stdout, stderr } = await sandbox.run(binary, { args: ["x", "acme"], env });
  assertEquals(stdout, "acme from example.com/acme/v2/cmd/acme@v2.1.0, secret none, flags -v\n", stderr);
  assertEquals(sandbox.installed(), ["go+example.com+acme+v2+cmd+acme/2.1.0", "go/1.99.0"]);
  assertEquals(sandbox.leftovers(), []);
});

Deno.test("a program that go built from another module than the locked one is refused", async () => {
  await using server = await proxy();
  await using sandbox = await Sandbox.create();
  const env = { GOPROXY: server.url(""), GOSUMDB: "sum.example" };
  sandbox.manifest('[tools]\n"go:example.com/acme/v2/cmd/acme" = "2.1.0"\n');
  assertEquals((await sandbox.run(binary, { args: ["sync", "--dry-run"], env })).code, 0);
  writeFileSync(
    join(sandbox.project, "haft.lock"),
    `version = 1\n\n[tools."go:example.com/acme/v2/cmd/acme"]\nrequest = "2.1.0"\nversion = "2.1.0"\nsource = "go"\n` +
      `kind = "built"\n\n[tools."go:example.com/acme/v2/cmd/acme".platforms]\nany = [{ go = "example.com/acme/v2@v2.1.0", ` +
      `package = "example.com/acme/v2/cmd/acme", integrity = "h1:${"B".repeat(43)}=" }]\n`,
  );
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "was built from example.com/acme/v2@v2.1.0");
  assertEquals(sandbox.installed(), ["go/1.99.0"]);
});

Deno.test("go:PACKAGE takes versions that the proxy does not list, branches and commits", async () => {
  await using server = await proxy();
  await using sandbox = await Sandbox.create();
  const env = { GOPROXY: server.url(""), GOSUMDB: "sum.example" };
  const lock = async (name: string, version: string) => {
    rmSync(join(sandbox.project, "haft.lock"), { force: true });
    sandbox.manifest(`[tools]\n"${name}" = "${version}"\n`);
    const { code, stderr } = await sandbox.run(binary, { args: ["lock"], env });
    return { code, stderr, text: code === 0 ? readFileSync(join(sandbox.project, "haft.lock"), "utf8") : "" };
  };
  const acme = "go:example.com/acme/v2/cmd/acme";
  for (const [query, version] of Object.entries(UNLISTED)) {
    const { code, stderr, text } = await lock(acme, query);
    assertEquals(code, 0, stderr);
    assertStringIncludes(text, `go = "example.com/acme/v2@${version}"`);
  }
  for (const query of ["2.0.6", "nobranch", "feedbeef"]) {
    const { code, stderr } = await lock(acme, query);
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, `"${query}"`);
  }
  for (const text of ["go1.98", "go1.98.0", "V1.98.0"]) {
    assertStringIncludes((await lock("go", text)).text, 'version = "1.98.0"');
  }
});
