import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../../../src/base/errors.ts";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { InstallProgress } from "../../../src/protocol/install.ts";
import { IntegrityError } from "../../../src/tools/integrity.ts";
import { installTool } from "../../../src/tools/install/install_tool.ts";
import type { InstallDeps } from "../../../src/tools/install/install_deps.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { createHttpClient } from "../../../src/tools/http/http_client.ts";
import { ArtifactServer, httpConfig, noRegistry, noServices } from "../../support/artifact_server.ts";
import { packageTarball } from "../../support/tar_builder.ts";

const tarball = packageTarball({
  "bin/demo": "#!/bin/sh\necho demo\n",
  "README.md": "read me",
  "data/noise.bin": crypto.getRandomValues(new Uint8Array(60_000)),
});

interface Sandbox extends AsyncDisposable {
  server: ArtifactServer;
  deps: InstallDeps;
  progress: InstallProgress[];
  store: Store;
  home: string;
}

async function sandbox(files: Record<string, Uint8Array> = { "demo.tgz": tarball }): Promise<Sandbox> {
  const home = await Deno.makeTempDir({ prefix: "haft-install-" });
  const server = await ArtifactServer.start(files);
  const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home });
  const progress: InstallProgress[] = [];
  return {
    server,
    progress,
    home,
    store: new Store(paths),
    deps: {
      paths,
      ...noServices,
      http: createHttpClient({ delay: () => Promise.resolve() }),
      registry: noRegistry,
      report: (event) => progress.push(event),
      signal: new AbortController().signal,
      version: "0.1.0",
      env: {},
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
    },
  };
}

/** Every file below, without lock files. */
function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith(".lock"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}

Deno.test("installTool() downloads, verifies, unpacks and writes a receipt", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const result = await installTool(config, box.deps);

  assertEquals(result.alreadyInstalled, false);
  assertEquals(result.path, box.store.directory("demo", "1.2.3"));
  assertEquals(filesBelow(box.home), [
    "store/demo/1.2.3/.haft/files.sha256",
    "store/demo/1.2.3/.haft/receipt.json",
    "store/demo/1.2.3/README.md",
    "store/demo/1.2.3/bin/demo",
    "store/demo/1.2.3/data/noise.bin",
  ]);
  assertEquals(statSync(join(result.path, "bin/demo")).mode & 0o7777, 0o755);
  assertEquals(statSync(join(result.path, "README.md")).mode & 0o7777, 0o644);
  assertEquals(box.store.receipt("demo", "1.2.3"), result.receipt);
  assertEquals(box.store.list(), [{ receipt: result.receipt, directory: result.path }]);
  const states = box.progress.map(({ state }) => state);
  assertEquals([...new Set(states)], ["started", "downloading", "extracting", "completed"]);
});

Deno.test("installTool() writes hashes that sha256sum can check", async () => {
  await using box = await sandbox();
  const { path } = await installTool(httpConfig({ url: box.server.url("demo.tgz"), tarball }), box.deps);
  const hashes = readFileSync(join(path, ".haft/files.sha256"), "utf8");
  assertEquals(hashes.trim().split("\n").map((line) => line.slice(66)), [
    "README.md",
    "bin/demo",
    "data/noise.bin",
  ]);
  const check = await new Deno.Command("sha256sum", {
    args: ["-c", "--strict", ".haft/files.sha256"],
    cwd: path,
  })
    .output();
  assert(check.success);
});

Deno.test("installTool() does nothing when the store has it, and everything again with force", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  await installTool(config, box.deps);
  const again = await installTool(config, box.deps);
  assertEquals(again.alreadyInstalled, true);
  assertEquals(box.server.requests.length, 1);

  await Deno.writeTextFile(join(again.path, "README.md"), "changed");
  const forced = await installTool({ ...config, force: true }, box.deps);
  assertEquals(forced.alreadyInstalled, false);
  assertEquals(await Deno.readTextFile(join(forced.path, "README.md")), "read me");
  assertEquals(readdirSync(join(box.home, "store/.staging")), []);
});

Deno.test("installTool() replaces an installation without a receipt", async () => {
  await using box = await sandbox();
  await Deno.mkdir(join(box.home, "store/demo/1.2.3/bin"), { recursive: true });
  await Deno.writeTextFile(join(box.home, "store/demo/1.2.3/old"), "old");
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const { path } = await installTool(config, box.deps);
  assertEquals(readdirSync(path).sort(), [".haft", "README.md", "bin", "data"]);
});

Deno.test("installTool() fetches once more on a wrong hash", async () => {
  await using box = await sandbox();
  box.server.faults.wrongBytes = 1;
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  await installTool(config, box.deps);
  assertEquals(box.server.requests.map(({ range }) => range), [undefined, undefined]);
});

Deno.test("installTool() refuses a download whose hash is wrong twice, and keeps nothing of it", async () => {
  await using box = await sandbox();
  box.server.faults.wrongBytes = 9;
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const error = await assertRejects(() => installTool(config, box.deps), IntegrityError);
  assertStringIncludes(error.message, "Wrong hash for http://127.0.0.1");
  assertEquals(box.server.requests.length, 2);
  assertEquals(box.store.list(), []);
  const left = filesBelow(box.home);
  for (const file of left) assertEquals(statSync(join(box.home, file)).size, 0);
});

Deno.test("installTool() goes on in the same run when the connection breaks", async () => {
  await using box = await sandbox();
  box.server.faults.truncateAt = [1_000, 20_000];
  await installTool(httpConfig({ url: box.server.url("demo.tgz"), tarball }), box.deps);
  assertEquals(box.server.requests.map(({ ifRange }) => ifRange), [undefined, '"v1"', '"v1"']);
  assert(box.store.receipt("demo", "1.2.3") !== undefined);
});

Deno.test("installTool() goes on in the next run, from each of 50 offsets", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  for (let round = 0; round < 50; round++) {
    const offset = Math.floor(tarball.length * round / 50);
    // As often as the download asks: it must give up.
    box.server.faults.truncateAt = Array.from({ length: 20 }, () => offset);
    const error = await assertRejects(() => installTool(config, box.deps), HaftError);
    assertStringIncludes(error.message, `broke off after ${offset} of ${tarball.length} bytes`);
    assertEquals(box.store.list(), []);
    box.server.faults.truncateAt = [];
    box.server.requests.length = 0;
    await installTool(config, box.deps);
    assertEquals(box.server.requests.map(({ range }) => range), [
      offset === 0 ? undefined : `bytes=${offset}-`,
    ]);
    assertEquals(await box.store.remove("demo", "1.2.3"), true);
  }
});

Deno.test("installTool() begins again when the server cannot resume, or has another file by now", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  for (const change of [{ noRanges: true }, { etag: '"v2"' }, { etag: undefined }]) {
    Object.assign(box.server.faults, { noRanges: false, etag: '"v1"', truncateAt: Array(20).fill(5_000) });
    await assertRejects(() => installTool(config, box.deps), HaftError);
    Object.assign(box.server.faults, { truncateAt: [], ...change });
    await installTool(config, box.deps);
    assertEquals(await box.store.remove("demo", "1.2.3"), true);
  }
});

Deno.test("installTool() stops an endless body at the limit", async () => {
  await using box = await sandbox();
  box.server.faults.endless = true;
  const limits = { entries: 9, bytes: 1e6, ratio: 1000, depth: 9, componentBytes: 99, downloadBytes: 1e6 };
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const error = await assertRejects(() => installTool(config, { ...box.deps, limits }));
  assertInstanceOf(error, HaftError);
  assertEquals(box.store.list(), []);
});

Deno.test("installTool() says what the server answered", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  for (const status of [401, 404, 500]) {
    box.server.faults.status = status;
    const error = await assertRejects(() => installTool(config, box.deps), HaftError);
    assertStringIncludes(error.message, `status ${status}`);
    assert(error.next !== undefined);
  }
});

Deno.test("installTool() unpacks several artifacts into one tree, and refuses what collides", async () => {
  const library = packageTarball({ "std.zig": "const std = 0;" });
  await using box = await sandbox({ "demo.tgz": tarball, "lib.tgz": library });
  const first = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const second = httpConfig({ url: box.server.url("lib.tgz"), tarball: library });
  const artifacts = (into: string) => [
    ...first.artifacts,
    ...second.artifacts.map((artifact) => ({ ...artifact, into })),
  ];
  const { path } = await installTool({ ...first, artifacts: artifacts("lib/zig") }, box.deps);
  assertEquals(await Deno.readTextFile(join(path, "lib/zig/std.zig")), "const std = 0;");

  const twice = { ...first, version: "2.0.0", artifacts: [...first.artifacts, ...first.artifacts] };
  const error = await assertRejects(() => installTool(twice, box.deps), HaftError);
  assertStringIncludes(error.message, "is there twice");
});

Deno.test("installTool() refuses an archive that brings its own receipt", async () => {
  const forged = packageTarball({ "bin/demo": "x", ".haft/receipt.json": "{}" });
  await using box = await sandbox({ "demo.tgz": forged });
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball: forged });
  const error = await assertRejects(() => installTool(config, box.deps), HaftError);
  assertStringIncludes(error.message, ".haft");
});

Deno.test("installTool() refuses names that are no path components", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  for (
    const change of [{ version: "../../x" }, { version: ".." }, { store_id: "a/b" }, {
      store_id: "..",
      version: "1",
    }]
  ) {
    await assertRejects(() => installTool({ ...config, ...change }, box.deps), HaftError, "cannot be");
  }
  const bin = { demo: "../../bin/sh" };
  await assertRejects(() => installTool({ ...config, bin }, box.deps), HaftError, '".."');
});

Deno.test("installTool() stops when the signal says so, and keeps what was downloaded", async () => {
  await using box = await sandbox();
  const stop = new AbortController();
  const reason = new Error("stopped");
  const report = (event: InstallProgress) => {
    if (event.state === "downloading") stop.abort(reason);
  };
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball });
  const error = await assertRejects(
    () => installTool(config, { ...box.deps, report, signal: stop.signal }),
    Error,
  );
  assertEquals(error, reason);
  assertEquals(readdirSync(join(box.home, "store/.staging")), []);
  assertEquals(box.store.list(), []);
});

Deno.test("installTool() does not download when offline", async () => {
  await using box = await sandbox();
  const config = httpConfig({ url: box.server.url("demo.tgz"), tarball, offline: true });
  const error = await assertRejects(() => installTool(config, box.deps), HaftError, "--offline");
  assertEquals(box.server.requests, []);
  assert(error.next !== undefined);
  assertEquals(process.exitCode ?? 0, 0);
});
