import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { ArtifactServer } from "../support/artifact_server.ts";
import { Github } from "../support/github_server.ts";
import { lazyImports, lazyLibraries, libraries } from "../support/lazy_libraries.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, Sandbox } from "./support.ts";

/**
 * For each library that the sources import lazily, what makes the compiled binary load and use it. A library
 * that works from source may lack its named exports in the bundle, as dotenv did, so the list of libraries
 * comes from the import map and the sources.
 */
const EXERCISES: Readonly<Record<string, () => Promise<void>>> = {
  "@decimalturn/toml-patch": async () => {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('# kept\n[tools]\nbiome = "2.0.0" # why\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["use", "esbuild@1.0.0", "--no-sync"] });
    assertEquals(code, 0, stderr);
    assertEquals(
      readFileSync(join(sandbox.project, "haft.toml"), "utf8"),
      '# kept\n[tools]\nbiome = "2.0.0" # why\nesbuild = "1.0.0"\n',
    );
  },
  "@sigstore/tuf/seeds": async () => {
    await using registry = await fakeTools();
    registry.settings.signatures = "right";
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
    assertEquals([code, sandbox.installed()], [0, ["esbuild/1.2.0"]], stderr);
  },
  "@socketregistry/packageurl-js": async () => {
    await using sandbox = await Sandbox.create();
    sandbox.manifest('[tools]\nruff = "0.9"\n');
    const { code, stderr } = await sandbox.run(binary, { args: ["sync", "--offline"] });
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /Cannot fetch https:\/\/\S+\/simple\/ruff\/: haft is offline/);
  },
  "@std/streams/to-text": async () => {
    await using daemon = await DaemonSandbox.create(binary);
    const { stdout, stderr } = await daemon.sandbox.shell(
      binary,
      `echo '{"type": "user.x", "data": {"n": 1}}' | haft ipc-send events.publish - && haft ipc-send daemon.ping`,
    );
    assertStringIncludes(stdout, "uptime_secs", stderr);
  },
  "croner": async () => {
    await using daemon = await DaemonSandbox.create(binary);
    daemon.sandbox.manifest(
      '[apps.tick]\ncommand = ["touch", "ticked"]\nschedule = "* * * * * *"\nrestart = "no"\nautostart = false\n',
    );
    await daemon.run("trust");
    const { code, stderr } = await daemon.run("app", "start", "tick");
    assertEquals(code, 0, stderr);
    const ticked = join(daemon.sandbox.project, "ticked");
    await until(() => existsSync(ticked), `${ticked} is there`);
    await Deno.remove(ticked);
    // The start made the first; the schedule makes the second.
    await until(() => existsSync(ticked), `${ticked} is there`);
  },
  "fast-xml-parser": async () => {
    const text = "<metadata><versioning><versions><version>2.1</version></versions></versioning></metadata>";
    await using server = await ArtifactServer.start({
      "m2/org/acme/lint/maven-metadata.xml": new TextEncoder().encode(text),
    });
    await using sandbox = await Sandbox.create();
    mkdirSync(join(sandbox.root, "home", ".m2"));
    writeFileSync(
      join(sandbox.root, "home", ".m2", "settings.xml"),
      `<settings><mirrors><mirror><mirrorOf>*</mirrorOf><url>${
        server.url("m2")
      }</url></mirror></mirrors></settings>`,
    );
    const { code, stdout, stderr } = await sandbox.run(binary, {
      args: ["ls-remote", "maven:org.acme:lint"],
    });
    assertEquals([code, stdout.includes("2.1")], [0, true], stderr);
  },
  "re2js": async () => {
    await using daemon = await DaemonSandbox.create(binary);
    daemon.sandbox.manifest(
      '[apps.a]\ncommand = "echo It is up; sleep 1000"\nhealth = { log_line = "^It .* u[p]$" }\n',
    );
    await daemon.run("trust");
    const { code, stderr } = await daemon.run("app", "up", "--detach");
    assertEquals(code, 0, stderr);
    assertStringIncludes((await daemon.run("app", "logs", "a", "--grep", "(?i)IS UP")).stdout, "It is up");
  },
  "smol-toml": async () => {
    await using sandbox = await Sandbox.create();
    const apps = [{ name: "web", script: "server.js", env: { A: "1" } }];
    writeFileSync(join(sandbox.project, "ecosystem.json"), JSON.stringify({ apps }));
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["app", "import", "ecosystem.json"] });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '[apps.web]\ncommand = [ "node", "server.js" ]');
  },
  "json-p3": async () => {
    await using registry = await LoopbackRegistry.start();
    registry.addFile("/index.json", '[{"version":"v22.1.0","lts":"Jod"}]');
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest(`[mirrors]\n"https://nodejs.org/dist/" = "${registry.url}"\n`);
    await sandbox.run(binary, { args: ["trust"] });
    const { code, stdout, stderr } = await sandbox.run(binary, { args: ["ls-remote", "node"] });
    assertEquals([code, stdout.includes("22.1.0")], [0, true], stderr);
  },
  "json5": async () => {
    await using sandbox = await Sandbox.create();
    writeFileSync(join(sandbox.project, "ecosystem.json5"), "{ apps: [{ script: 'a.js', }] } // ours");
    const { code, stdout, stderr } = await sandbox.run(binary, {
      args: ["app", "import", "ecosystem.json5"],
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '[apps.a]\ncommand = [ "node", "a.js" ]');
  },
  "log-update": async () => {
    await using registry = await fakeTools();
    registry.fault(/\.tgz$/, { kind: "drip", bytes: 20_000, everyMs: 60 });
    await using sandbox = await Sandbox.create({ registry: registry.url });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const { code, stdout } = await sandbox.terminal(binary, { args: ["sync"], columns: 80 });
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /esbuild.*%/);
  },
  "unbzip2-stream": () => installsAsset("tar.bz2", BZIP2),
  "xz-decompress": () => installsAsset("tar.xz", XZ),
};

/** A tar with one script, as a release's asset that the library unpacks. */
async function installsAsset(ending: string, base64: string): Promise<void> {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  await using github = await Github.start("owner/acme", {
    "v1.0.0": [{ name: `acme-linux-x86_64.${ending}`, bytes }, { name: `acme-linux-arm64.${ending}`, bytes }],
  });
  await using sandbox = await Sandbox.create();
  sandbox.manifest('[tools]\n"github:owner/acme" = { version = "1", options = {} }\n');
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"], env: github.env });
  // The script is no program for the machine itself, which is told only after the archive was read.
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "holds no program for this system");
}

const XZ =
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Cf/AHpdADCYyf34hTyPAe54s/QLwPx/lbOzuUElrKu8ghLoa+KIZNxXwhc2Kc2CBOHS8163cXZ4VqMgQHpsD4+ji7XnWB4azrTSqol8trSLF4jxwp5vSmAAlTXSHjq2DQvA1X/yroW3wV0EPt3znX24NZhB+J818L3aZnv7FsMAAAAAcl4G0nsaE8wAAZYBgFAAALiQ77SxxGf7AgAAAAAEWVo=";
const BZIP2 =
  "QlpoOTFBWSZTWbUl81sAAHv7kMqQAEBoAO+AAAR6Y54ABAAACCAAdQ0UaNGgBtJtRoyBlE09QNNDIANHqL6N76XEECtCQSIOyYEnc1CAQwHxvTDN8VlVJHECCuQwVfJ7wi9WNKGKRV/YmG0nMxZSWAkGZQSCoHrEkgfi7kinChIWpL5rYA==";

/** What only other runtimes load: the binary's own measures text itself. */
const OF_OTHER_RUNTIMES = ["string-width"];

Deno.test("every lazily imported library has an exercise, and no exercise is left over", () => {
  assertEquals([...Object.keys(EXERCISES), ...OF_OTHER_RUNTIMES].sort(), lazyLibraries());
});

Deno.test("every import() names a file of ours or a library of the import map, so that none is overlooked", () => {
  const known = new Set(libraries());
  const unknown = lazyImports().filter(({ argument }) =>
    !/^"(\.{1,2}\/.*\.ts|node:.*|bun:.*)"$/.test(argument) && !known.has(argument.slice(1, -1))
  );
  assertEquals(unknown, []);
});

for (const [library, exercise] of Object.entries(EXERCISES)) {
  Deno.test(`the built haft loads ${library} when it needs it`, exercise);
}
