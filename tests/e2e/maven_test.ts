import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactServer } from "../support/artifact_server.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { binary, Sandbox } from "./support.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function metadata(versions: readonly string[]): Uint8Array {
  const list = versions.map((version) => `<version>${version}</version>`).join("");
  return bytes(
    `<?xml version="1.0"?><metadata><versioning><versions>${list}</versions></versioning></metadata>`,
  );
}

async function repository(): Promise<{ server: ArtifactServer; files: Record<string, Uint8Array> }> {
  const jar = bytes("a jar");
  const archive = await packTarball({
    "bin/acme": { content: '#!/bin/sh\necho "archive $*"\n', mode: 0o755 },
    "lib/a.jar": "x",
  }, { root: "acme-2.1" });
  const files: Record<string, Uint8Array> = {
    "m2/org/acme/tools/lint/maven-metadata.xml": metadata(["1.0", "1.1.0", "2.0.0-rc-1"]),
    "m2/org/acme/tools/lint/1.1.0/lint-1.1.0-all.jar": jar,
    "m2/org/acme/tools/lint/1.1.0/lint-1.1.0-all.jar.sha256": bytes(`${hex("sha256", jar)}  lint.jar\n`),
    "m2/org/acme/tools/lint/1.0/lint-1.0-all.jar": jar,
    "m2/org/acme/tools/lint/1.0/lint-1.0-all.jar.sha1": bytes(hex("sha1", jar)),
    "m2/org/acme/acme/maven-metadata.xml": metadata(["2.1"]),
    "m2/org/acme/acme/2.1/acme-2.1-bin.tar.gz": archive,
    "m2/org/acme/acme/2.1/acme-2.1-bin.tar.gz.sha512": bytes(hex("sha512", archive)),
  };
  return { server: await ArtifactServer.start(files), files };
}

function hex(algorithm: string, content: Uint8Array): string {
  return createHash(algorithm).update(content).digest("hex");
}

/** Maven's own settings name the repository; a java on PATH says what it is asked to run. */
function withMaven(sandbox: Sandbox, server: ArtifactServer): Record<string, string> {
  const bin = join(sandbox.root, "java-bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "java"), '#!/bin/sh\necho "java $*"\n', { mode: 0o755 });
  const settings = join(sandbox.root, "home", ".m2");
  mkdirSync(settings);
  writeFileSync(
    join(settings, "settings.xml"),
    `<settings><mirrors>
      <mirror><id>other</id><mirrorOf>elsewhere</mirrorOf><url>http://127.0.0.1:1/</url></mirror>
      <mirror><id>ours</id><mirrorOf>*,!elsewhere</mirrorOf><url>${server.url("m2")}</url></mirror>
    </mirrors></settings>`,
  );
  return { PATH: `${bin}:/usr/bin:/bin` };
}

Deno.test("maven:GROUP:ARTIFACT:CLASSIFIER: a jar with a launcher, locked by the repository's hash, run by a Java that is there", async () => {
  const { server, files } = await repository();
  await using _server = server;
  await using sandbox = await Sandbox.create();
  const env = withMaven(sandbox, server);
  sandbox.manifest('[tools]\n"maven:org.acme.tools:lint:all" = "latest"\n');
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  assertMatch(
    readFileSync(join(sandbox.project, "haft.lock"), "utf8"),
    /any = \[\{ maven = "org\.acme\.tools:lint@1\.1\.0", file = "lint-1\.1\.0-all\.jar", integrity = "sha256-/,
  );
  const ran = await sandbox.run(binary, { args: ["x", "lint", "--fix", "a b"], env });
  assertMatch(
    ran.stdout,
    /^java -jar \S+\/maven\+org\.acme\.tools\+lint\+all\/1\.1\.0\/bin\/\.\.\/lib\/lint\.jar --fix a b\n$/,
  );
  const without = await sandbox.run(binary, { args: ["x", "lint"], env: { ...env, PATH: "/nowhere" } });
  assertEquals(without.code, 127);
  assertStringIncludes(without.stderr, 'Run "haft use java"');
  assertEquals(
    (await sandbox.run(binary, { args: ["ls-remote", "maven:org.acme.tools:lint:all"], env })).stdout,
    "1.0.0\n1.1.0\n2.0.0-rc.1\n",
  );

  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  files["m2/org/acme/tools/lint/1.1.0/lint-1.1.0-all.jar"] = bytes("evil!");
  const wrong = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "Wrong hash");
  assertEquals([sandbox.installed(), sandbox.leftovers()], [[], []]);

  // Of a file that has only a sha1, haft keeps a hash of its own.
  sandbox.manifest('[tools]\n"maven:org.acme.tools:lint:all" = "1.0"\n');
  const weak = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(weak.code, 0, weak.stderr);
  assertStringIncludes(
    readFileSync(join(sandbox.project, "haft.lock"), "utf8"),
    `integrity = "sha256-${createHash("sha256").update(bytes("a jar")).digest("base64")}"`,
  );
});

Deno.test("maven archives have their own programs", async () => {
  const { server } = await repository();
  await using _server = server;
  await using sandbox = await Sandbox.create();
  const env = withMaven(sandbox, server);
  sandbox.manifest(`[tools]
acme = "2.1"

[catalogue.acme]
sources = [{ source = "maven", group = "org.acme", artifact = "acme", classifier = "bin", extension = "tar.gz", bin = { acme = "bin/acme" } }]
`);
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  assertEquals((await sandbox.run(binary, { args: ["x", "acme", "on"], env })).stdout, "archive on\n");
});
