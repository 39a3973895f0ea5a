/** A lock file that was written on another system is as good as one of this system's. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { enterWorld, type SourceKind, sourceWorld } from "../support/source_worlds.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

interface Row {
  kind: SourceKind;
  /** Of another system, in the lock. */
  other: string;
  /** What else than the file is asked: where its address or its signature is. */
  asks: RegExp | undefined;
}

const ROWS: readonly Row[] = [
  {
    kind: "npmNative",
    other: 'darwin-arm64 = [{ npm = "@biomejs/cli-darwin-arm64@2.0.0"',
    asks: /cli-linux/,
  },
  { kind: "npmBundled", other: 'any = [{ npm = "acme@1.0.0"', asks: /^\/acme\// },
  { kind: "pypi", other: "win32-x64 = [{", asks: /^\/simple\/ruff\/$/ },
  { kind: "cargo", other: 'any = [{ cargo = "acme@1.0.0"', asks: /config\.json$/ },
  { kind: "maven", other: 'any = [{ maven = "org.acme:acme@2.1"', asks: undefined },
  { kind: "github", other: 'darwin-arm64 = [{ github = "owner/acme@v1.2.0"', asks: undefined },
  { kind: "http", other: "win32-x64 = [{", asks: undefined },
];

Deno.test({
  name:
    "a lock file written where the C library is musl has every system's files: --locked installs them, and asks for nothing else",
  ignore: Deno.uid() !== 0 || !hasProgram("unshare") || !hasProgram("mount") || process.arch !== "x64",
  fn: async () => {
    await Promise.all(ROWS.map(lockThereInstallHere));
  },
});

async function lockThereInstallHere({ kind, other, asks }: Row): Promise<void> {
  const world = await sourceWorld(kind);
  await using _server = world.server;
  await using sandbox = await Sandbox.create();
  const env = enterWorld(world, join(sandbox.root, "home"));
  sandbox.manifest(world.manifest);
  if (world.needsTrust) await sandbox.run(binary, { args: ["trust"], env });

  // haft knows a system of musl by its ldd. What is one file for all systems is installed there, too.
  const command = other.startsWith("any") ? "sync" : "lock";
  const ldd = join(sandbox.root, "ldd");
  writeFileSync(ldd, "#!/bin/sh\necho musl libc\n");
  const there = `mount --bind ${ldd} /usr/bin/ldd && exec ${binary.argv.join(" ")} ${command}`;
  const locked = await sandbox.run({ name: "binary", argv: ["unshare", "--mount", "sh", "-c", there] }, {
    args: [],
    env,
  });
  assertEquals(locked.code, 0, `${kind}: ${locked.stderr}`);
  const path = join(sandbox.project, "haft.lock");
  const lock = readFileSync(path, "utf8");
  assertStringIncludes(lock, other);

  // Another machine: nothing is there but the checkout.
  for (const name of ["store", "cache", "downloads"]) {
    rmSync(join(sandbox.haftHome, name), { recursive: true, force: true });
  }
  mkdirSync(sandbox.haftHome, { recursive: true });
  world.server.requests.length = 0;
  const sync = await sandbox.run(binary, { args: ["sync", "--locked"], env });
  assertEquals([kind, sync.code, readFileSync(path, "utf8")], [kind, 0, lock], sync.stderr);
  const others = world.server.requests.map((one) => decodeURIComponent(one.path))
    .filter((one) => one !== world.artifact && one !== "/-/npm/v1/keys" && asks?.test(one) !== true);
  assertEquals([kind, others], [kind, []]);
  const run = await sandbox.run(binary, { args: ["exec", world.executable, "x"], env });
  assertEquals(run.stdout, world.says, run.stderr);
}
