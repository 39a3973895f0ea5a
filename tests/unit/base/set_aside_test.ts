import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onDamage, readOrSetAside, setAside } from "../../../src/base/set_aside.ts";
import { HaftError } from "../../../src/base/errors.ts";

const NOON = new Date("2026-11-27T12:00:00.123Z");

function scratch(): { directory: string; said: string[] } & Disposable {
  const directory = Deno.makeTempDirSync();
  const said: string[] = [];
  onDamage((line) => said.push(line));
  return { directory, said, [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
}

Deno.test("setAside() renames to NAME.damaged-TIME, with companions, and says so in one line", () => {
  using place = scratch();
  const path = join(place.directory, "history.db");
  for (const name of ["history.db", "history.db-wal", "other"]) {
    writeFileSync(join(place.directory, name), name);
  }
  assertEquals(
    setAside(path, { companions: [`${path}-wal`, `${path}-shm`], now: NOON }),
    `${path}.damaged-20261127T120000Z`,
  );
  assertEquals(readdirSync(place.directory).sort(), [
    "history.db-wal.damaged-20261127T120000Z",
    "history.db.damaged-20261127T120000Z",
    "other",
  ]);
  assertEquals(place.said, [`"${path}" was damaged; it is kept as "history.db.damaged-20261127T120000Z"`]);
});

Deno.test("setAside() does nothing where nothing is", () => {
  using place = scratch();
  assertEquals(setAside(join(place.directory, "missing")), undefined);
  assertEquals(place.said, []);
});

Deno.test("setAside() takes a free name each time, and keeps the newest three", () => {
  using place = scratch();
  const path = join(place.directory, "trust.json");
  for (let count = 0; count < 12; count++) {
    writeFileSync(path, `${count}`);
    setAside(path, { now: NOON });
  }
  const kept = readdirSync(place.directory).map((name) => readFileSync(join(place.directory, name), "utf8"));
  assertEquals(kept.sort(), ["10", "11", "9"]);
});

Deno.test("setAside() moves a link, not what it points to", () => {
  using place = scratch();
  const target = join(place.directory, "target");
  writeFileSync(target, "precious");
  symlinkSync(target, join(place.directory, "link"));
  setAside(join(place.directory, "link"), { now: NOON });
  assertEquals(readdirSync(place.directory).sort(), ["link.damaged-20261127T120000Z", "target"]);
});

Deno.test("readOrSetAside() gives what is parsed, and nothing for a file that is not there", () => {
  using place = scratch();
  const path = join(place.directory, "a.json");
  assertEquals(readOrSetAside(path, JSON.parse), undefined);
  assertEquals(readOrSetAside(join(place.directory, "none", "a.json"), JSON.parse), undefined);
  writeFileSync(path, "[1]");
  assertEquals(readOrSetAside(path, JSON.parse), [1]);
  assertEquals(readOrSetAside(join(path, "below"), JSON.parse), undefined);
  assertEquals(place.said, []);
});

Deno.test({
  name: "readOrSetAside() sets aside a FIFO in a file's place at once, and does not wait for a writer",
  ignore: Deno.build.os === "windows",
  fn: () => {
    using place = scratch();
    const path = join(place.directory, "entry.json");
    assertEquals(spawnSync("mkfifo", [path]).status, 0);
    assertEquals(readOrSetAside(path, JSON.parse), undefined);
    assertMatch(place.said[0] ?? "", /entry\.json" was damaged/);
  },
});

Deno.test("readOrSetAside() sets aside what cannot be parsed, and a directory in a file's place", () => {
  using place = scratch();
  for (const name of ["a.json", "b.json"]) {
    const path = join(place.directory, name);
    if (name === "a.json") writeFileSync(path, '{"half');
    else mkdirSync(path);
    assertEquals(readOrSetAside(path, JSON.parse), undefined);
  }
  assertEquals(place.said.length, 2);
  for (const name of readdirSync(place.directory)) assertMatch(name, /^[ab]\.json\.damaged-\d{8}T\d{6}Z$/);
});

Deno.test({
  name: "readOrSetAside() gives a file that lost its mode the mode back, and says which it may not read",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: () => {
    using place = scratch();
    const path = join(place.directory, "a.json");
    writeFileSync(path, "[]");
    chmodSync(path, 0);
    assertEquals(readOrSetAside(path, JSON.parse), []);
    assertEquals(readdirSync(place.directory), ["a.json"]);
    chmodSync(place.directory, 0);
    assertThrows(() => readOrSetAside(path, JSON.parse), HaftError, path);
    chmodSync(place.directory, 0o700);
  },
});
