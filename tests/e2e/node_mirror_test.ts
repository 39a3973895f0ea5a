import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { binary, Sandbox } from "./support.ts";

const VERSION = "22.1.0";
const HOST_ARCHIVE = `node-v${VERSION}-linux-${process.arch === "arm64" ? "arm64" : "x64"}.tar.gz`;
const OTHER_ARCHIVES = ["darwin-arm64.tar.gz", "darwin-x64.tar.gz", "win-x64.zip"].map((end) =>
  `node-v${VERSION}-${end}`
);

/** A copy of the layout of node's official distribution, with scripts in the place of programs. */
async function distribution(): Promise<LoopbackRegistry> {
  const server = await LoopbackRegistry.start();
  const script = (name: string) => ({ content: `#!/bin/sh\necho "${name} $*"\n`, mode: 0o755 });
  const archive = await packTarball({
    "bin/node": script("node"),
    "bin/npm": { symlink: "../lib/node_modules/npm/bin/npm-cli.js" },
    "bin/npx": { symlink: "../lib/node_modules/npm/bin/npx-cli.js" },
    "bin/corepack": { symlink: "../lib/node_modules/corepack/dist/corepack.js" },
    "lib/node_modules/npm/bin/npm-cli.js": script("npm"),
    "lib/node_modules/npm/bin/npx-cli.js": script("npx"),
    "lib/node_modules/corepack/dist/corepack.js": script("corepack"),
  }, { root: HOST_ARCHIVE.replace(".tar.gz", "") });
  const sums = [
    `${createHash("sha256").update(archive).digest("hex")}  ${HOST_ARCHIVE}`,
    ...OTHER_ARCHIVES.map((name) => `${createHash("sha256").update(name).digest("hex")}  ${name}`),
  ];
  server.addFile(
    "/dist/index.json",
    JSON.stringify([{ version: `v${VERSION}`, lts: "Jod" }, { version: "v20.0.0", lts: false }]),
  );
  server.addFile(`/dist/v${VERSION}/SHASUMS256.txt`, `${sums.join("\n")}\n`);
  server.addFile(`/dist/v${VERSION}/${HOST_ARCHIVE}`, archive);
  return server;
}

Deno.test("node comes from its official distribution, by way of a mirror, and is locked under its own address", async () => {
  await using server = await distribution();
  await using sandbox = await Sandbox.create({ registry: server.url });
  const mirror = new URL("/dist/", server.url).href;
  sandbox.manifest(`[tools]\nnode = "lts"\n[mirrors]\n"https://nodejs.org/dist/" = "${mirror}"\n`);
  // A project's mirrors count only after trust.
  assertEquals((await sandbox.run(binary, { args: ["trust"] })).code, 0);
  const synced = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(synced.code, 0, synced.stderr);
  assertEquals(sandbox.installed(), [`node/${VERSION}`]);
  const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
  assertStringIncludes(lock, `https://nodejs.org/dist/v${VERSION}/${HOST_ARCHIVE}`);
  assertStringIncludes(lock, `node-v${VERSION}-win-x64.zip`);
  assert(!lock.includes("127.0.0.1"), "the lock file holds the mirror's address");
  assertEquals(
    (await sandbox.run(binary, { args: ["exec", "node", "--", "app.js"] })).stdout,
    "node app.js\n",
  );
  assertEquals((await sandbox.run(binary, { args: ["exec", "npm", "ci"] })).stdout, "npm ci\n");
});

Deno.test("options.components leaves npm or corepack out of node", async () => {
  await using server = await distribution();
  await using sandbox = await Sandbox.create({ registry: server.url });
  const mirror = new URL("/dist/", server.url).href;
  sandbox.manifest(
    `[tools]\nnode = { version = "lts", options = { components = ["npm"] } }\n` +
      `[mirrors]\n"https://nodejs.org/dist/" = "${mirror}"\n`,
  );
  await sandbox.run(binary, { args: ["trust"] });
  const synced = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(synced.code, 0, synced.stderr);
  const { stdout } = await sandbox.run(binary, { args: ["which", "node"] });
  const directory = dirname(dirname(stdout.trim()));
  assertEquals(readdirSync(join(directory, "bin")).sort(), ["node", "npm", "npx"]);
  assertEquals(readdirSync(join(directory, "lib", "node_modules")), ["npm"]);
  assertEquals((await sandbox.run(binary, { args: ["exec", "corepack"] })).code, 1);
});

Deno.test("an archive that is not what the checksums say is refused, and nothing is installed", async () => {
  await using server = await distribution();
  await using sandbox = await Sandbox.create({ registry: server.url });
  server.addFile(`/dist/v${VERSION}/${HOST_ARCHIVE}`, await packTarball({ "bin/node": "evil" }));
  sandbox.manifest(
    `[tools]\nnode = "22"\n[mirrors]\n"https://nodejs.org/dist/" = "${new URL("/dist/", server.url).href}"\n`,
  );
  assertEquals((await sandbox.run(binary, { args: ["trust"] })).code, 0);
  const { code, stderr } = await sandbox.run(binary, { args: ["sync"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "hash");
  assertEquals([sandbox.installed(), sandbox.leftovers()], [[], []]);
});
