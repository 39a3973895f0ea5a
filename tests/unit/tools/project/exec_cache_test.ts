import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { onDamage } from "../../../../src/base/set_aside.ts";
import { readExecCache, writeExecCache } from "../../../../src/tools/project/exec_cache.ts";
import { fingerprints, isWholeSecond } from "../../../../src/tools/project/fingerprint.ts";
import type { ExecCacheKey } from "../../../../src/tools/project/exec_entry.ts";

const command = { file: "/store/tool", path: ["/store"], defaults: { A: "1" } };

interface World {
  cache: string;
  manifest: string;
  absent: string;
  key: ExecCacheKey;
  read(): unknown;
}

async function cached(test: (world: World) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const manifest = join(directory, "haft.toml");
    const absent = join(directory, ".nvmrc");
    writeFileSync(manifest, "one");
    const cache = join(directory, "cache");
    const key = { cwd: directory, name: "tool", version: "1", place: "/home" };
    // As if some time had passed: a file that changed just now is not taken into the cache.
    writeExecCache(cache, key, { command, files: fingerprints([manifest, absent], Date.now() + 10_000) });
    await test({ cache, manifest, absent, key, read: () => readExecCache(cache, key)?.command });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("the exec cache answers while nothing has changed", () =>
  cached(({ read, cache, key }) => {
    assertEquals([read(), read()], [command, command]);
    assertEquals(readExecCache(cache, { ...key, name: "other" }), undefined);
    assertEquals(readExecCache(cache, { ...key, cwd: "/elsewhere" }), undefined);
    assertEquals(readExecCache(cache, { ...key, version: "2" }), undefined);
    assertEquals(readExecCache(cache, { ...key, place: "/other" }), undefined);
  }));

const changes: [name: string, change: (world: World) => void][] = [
  ["a file is written, with the same size", ({ manifest }) => writeFileSync(manifest, "two")],
  ["a file is written, and its time set back", ({ manifest }) => {
    const { atime, mtime } = statSync(manifest);
    writeFileSync(manifest, "two");
    utimesSync(manifest, atime, mtime);
  }],
  ["a file is removed", ({ manifest }) => rmSync(manifest)],
  ["a file is replaced by an older one", ({ manifest }) => {
    writeFileSync(`${manifest}.new`, "two");
    utimesSync(`${manifest}.new`, 1, 1);
    renameSync(`${manifest}.new`, manifest);
  }],
  ["a file that was not there appears", ({ absent }) => writeFileSync(absent, "22")],
  ["a directory appears where a file was looked for", ({ absent }) => mkdirSync(absent)],
  ["its own entry is damaged", ({ cache }) => {
    for (const name of readdirSync(cache)) writeFileSync(join(cache, name), '{"key":');
  }],
];

for (const [name, change] of changes) {
  Deno.test(`the exec cache gives no answer once ${name}`, () =>
    cached(async (world) => {
      // The cache relies on files that settled before it was written; Deno's times of change are whole
      // seconds.
      await new Promise((resolve) => setTimeout(resolve, 1_050 - Date.now() % 1_000));
      change(world);
      assertEquals(world.read(), undefined);
    }));
}

Deno.test("the exec cache keeps no answer made from a file that changed just now", async () => {
  const directory = await Deno.makeTempDir();
  const manifest = join(directory, "haft.toml");
  writeFileSync(manifest, "one");
  const key = { cwd: directory, name: "tool", version: "1", place: "/home" };
  writeExecCache(join(directory, "cache"), key, { command, files: fingerprints([manifest], Date.now()) });
  assertEquals(readExecCache(join(directory, "cache"), key), undefined);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a time in whole seconds, as images have, is told from a file system's own", () => {
  const times = [0n, 1_700_000_000_000_000_000n, 1_700_000_000_000_000_001n, 1_700_000_000_144_000_000n];
  assertEquals(times.map(isWholeSecond), [true, true, false, false]);
});

Deno.test("an entry of any wrong shape is set aside, and another haft's is left alone", () =>
  cached(({ cache, key, read }) => {
    onDamage(() => {});
    const [name = ""] = readdirSync(cache);
    const entry = JSON.parse(readFileSync(join(cache, name), "utf8"));
    const wrong = [
      "",
      "null",
      "[]",
      "7",
      '"text"',
      "{}",
      JSON.stringify({ ...entry, key: null }),
      JSON.stringify({ ...entry, command: null }),
      JSON.stringify({ ...entry, command: { ...entry.command, file: 1 } }),
      JSON.stringify({ ...entry, command: { ...entry.command, path: "x" } }),
      JSON.stringify({ ...entry, command: { ...entry.command, defaults: { A: 1 } } }),
      JSON.stringify({ ...entry, files: [] }),
      JSON.stringify({ ...entry, files: { "/x": null } }),
    ];
    for (const text of wrong) {
      writeFileSync(join(cache, name), text);
      assertEquals(read(), undefined, text);
      assertEquals(existsSync(join(cache, name)), false, text);
    }
    writeFileSync(join(cache, name), JSON.stringify({ key: { ...key, version: "0" }, another: "form" }));
    assertEquals(read(), undefined);
    assertEquals(existsSync(join(cache, name)), true);
  }));

Deno.test("the exec cache looks at a directory, and at what it lacked only when the directory changed", async () => {
  const root = await Deno.makeTempDir();
  const changes: Record<string, [expected: unknown, change: (directory: string) => void]> = {
    "another file": [command, (directory) => writeFileSync(join(directory, "another"), "")],
    "a file that was looked for": [undefined, (directory) => writeFileSync(join(directory, ".nvmrc"), "22")],
    "a link to nothing leads somewhere": [undefined, (directory) => writeFileSync(`${directory}-target`, "")],
    "a directory that was not there": [undefined, (directory) => {
      mkdirSync(join(directory, "none"));
      writeFileSync(join(directory, "none", "mise.toml"), "");
    }],
  };
  const cache = join(root, "cache");
  const keyOf = (directory: string) => ({ cwd: directory, name: "tool", version: "1", place: "/home" });
  const places = Object.entries(changes).map(([name, [expected, change]]) => {
    const directory = join(root, name);
    mkdirSync(directory);
    symlinkSync(`${directory}-target`, join(directory, "link"));
    const files = [".nvmrc", "package.json", "link", "none/mise.toml", "none/mise.local.toml"]
      .map((file) => join(directory, file));
    writeExecCache(cache, keyOf(directory), {
      command,
      files: fingerprints(files, Date.now() + 10_000),
    });
    return { name, directory, expected, change };
  });
  const [first] = places;
  const kept = readExecCache(cache, keyOf(first?.directory ?? ""))?.files ?? {};
  assertEquals(Object.keys(kept).map((path) => path.slice(first?.directory.length)).sort(), [
    "/",
    "/link",
    "/none/",
  ]);
  // Deno has the time of a change in whole seconds.
  await delay(1_100);
  for (const { name, directory, expected, change } of places) {
    assertEquals(readExecCache(cache, keyOf(directory))?.command, command, name);
    change(directory);
    assertEquals(readExecCache(cache, keyOf(directory))?.command, expected, name);
  }
  await Deno.remove(root, { recursive: true });
});
