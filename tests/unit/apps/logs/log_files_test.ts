import { assertEquals, assertRejects } from "@std/assert";
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { appendFileSync, copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { copyPath, logFamily, rotatedPath, shiftRotated } from "../../../../src/apps/logs/log_files.ts";
import { LogFollower } from "../../../../src/apps/logs/log_follower.ts";
import { readLog } from "../../../../src/apps/logs/read_log.ts";
import {
  forgetRotation,
  isRotationPending,
  recoverRotation,
  rotateLog,
  rotateUnused,
} from "../../../../src/apps/logs/rotate_log.ts";
import { TimeIndex } from "../../../../src/apps/logs/time_index.ts";

const BEGIN = { rotations: 0, in: 0, offset: 0 };
const NOBODY = { hold: () => Promise.resolve(true), release: () => {} };

async function inDirectory(fn: (path: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  try {
    await fn(join(directory, "app.log"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function follow(path: string, begin = BEGIN): { follower: LogFollower; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    follower: new LogFollower(path, begin, (more) => lines.push(...more.map(({ text }) => text))),
  };
}

Deno.test("shiftRotated() moves up to the first gap, and drops the oldest only when there is none", () =>
  inDirectory((path) => {
    const write = (...indexes: number[]) =>
      indexes.forEach((index) => writeFileSync(rotatedPath(path, index), `${index}`));
    const content = (index: number) =>
      existsSync(rotatedPath(path, index)) ? readFileSync(rotatedPath(path, index), "utf8") : "";
    write(1, 2, 4);
    shiftRotated(path, 5);
    assertEquals([1, 2, 3, 4].map(content), ["", "1", "2", "4"]);
    write(1);
    shiftRotated(path, 5);
    assertEquals([1, 2, 3, 4, 5].map(content), ["", "1", "1", "2", ""]);
    shiftRotated(path, 2);
    assertEquals([1, 2, 3].map(content), ["", "", ""]);
  }));

Deno.test("LogFollower loses no line over rotations, whether it had read the old file or not", () =>
  inDirectory(async (path) => {
    const { follower, lines } = follow(path);
    const expected: string[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 10; i++) {
        expected.push(`line ${round} ${i}`);
        appendFileSync(path, `line ${round} ${i}\n`);
      }
      follower.read(round % 3 === 0 ? Infinity : 50);
      if (round % 4 === 0) appendFileSync(path, "half ");
      if (round % 4 === 0) expected[expected.length] = `half line ${round + 1} 0`;
      if (round % 4 === 1) expected.splice(expected.indexOf(`line ${round} 0`), 1);
      follower.open();
      if (round % 2 === 0) {
        await rotateLog(path, {
          keep: 3,
          rotations: 0,
          writers: NOBODY,
          onRotated: () => follower.copied(),
        });
      } else {
        rotateUnused(path, 3);
        follower.renamed();
      }
    }
    follower.read(Infinity);
    assertEquals(lines, expected);
    follower.close();
  }));

Deno.test("LogFollower goes on where another one ended, in a file that was rotated since", () =>
  inDirectory((path) => {
    writeFileSync(path, "a\nb\nc\nha");
    const first = follow(path);
    first.follower.read(4);
    const state = first.follower.close();
    assertEquals([first.lines, state], [["a", "b"], { rotations: 0, in: 0, offset: 4 }]);
    rotateUnused(path, 3);
    writeFileSync(path, "lf\nd\n");
    const second = follow(path, { ...state, rotations: 1 });
    second.follower.read(Infinity);
    assertEquals(second.lines, ["c", "half", "d"]);
    assertEquals(second.follower.close(), { rotations: 1, in: 1, offset: 5 });
  }));

Deno.test("LogFollower skips, and says how much, when more than 64 files wait", () =>
  inDirectory(async (path) => {
    const lines: string[] = [];
    let skipped = 0;
    const follower = new LogFollower(
      path,
      BEGIN,
      (more) => lines.push(...more.map(({ text }) => text)),
      (bytes) => skipped += bytes,
    );
    for (let round = 0; round < 66; round++) {
      appendFileSync(path, `line ${round}\n`);
      follower.open();
      await rotateLog(path, {
        keep: 9,
        rotations: 0,
        writers: NOBODY,
        onRotated: () => follower.copied(),
      });
    }
    follower.read(Infinity);
    follower.close();
    assertEquals([lines, skipped], [Array.from({ length: 63 }, (_, i) => `line ${i + 3}`), 21]);
  }));

Deno.test("LogFollower begins anew in a file that somebody emptied", () =>
  inDirectory((path) => {
    writeFileSync(path, "old line\n");
    const { follower, lines } = follow(path);
    follower.read(Infinity);
    truncateSync(path, 0);
    follower.read(Infinity);
    appendFileSync(path, "new\n");
    follower.read(Infinity);
    follower.close();
    assertEquals(lines, ["old line", "new"]);
  }));

Deno.test("rotateLog() leaves everything as it was when the writers cannot be held", () =>
  inDirectory(async (path) => {
    writeFileSync(path, "text\n");
    let released = 0;
    const writers = { hold: () => Promise.resolve(false), release: () => void released++ };
    assertEquals(
      await rotateLog(path, { keep: 3, rotations: 0, writers, onRotated: () => {} }),
      "not_stopped",
    );
    assertEquals([logFamily(path).filter(existsSync), released], [[path], 1]);
    assertEquals(isRotationPending(path), false);
  }));

Deno.test("recoverRotation() finishes or undoes what a killed daemon began, at every step", async () => {
  const note = (path: string, size: number, inode: number) =>
    writeFileSync(`${path}.rotation`, JSON.stringify({ phase: "copied", inode, size, rotations: 0 }));
  const rows: [name: string, prepare: (path: string) => void, current: string, previous: string][] = [
    [
      "before the copy",
      (path) => writeFileSync(`${path}.rotation`, '{"phase":"copying","inode":0,"size":0}'),
      "text\n",
      "older\n",
    ],
    [
      "half of the copy",
      (path) => {
        writeFileSync(copyPath(path), "te");
        writeFileSync(`${path}.rotation`, '{"phase":"copying","inode":0,"size":0}');
      },
      "text\n",
      "older\n",
    ],
    [
      "the copy is whole",
      (path) => {
        copyFileSync(path, copyPath(path));
        note(path, 5, statSync(copyPath(path)).ino);
      },
      "",
      "text\n",
    ],
    [
      "the copy has its name",
      (path) => {
        copyFileSync(path, copyPath(path));
        note(path, 5, statSync(copyPath(path)).ino);
        shiftRotated(path, 3);
        renameSync(copyPath(path), rotatedPath(path, 1));
      },
      "",
      "text\n",
    ],
    [
      "all but the note",
      (path) => {
        copyFileSync(path, copyPath(path));
        note(path, 5, statSync(copyPath(path)).ino);
        shiftRotated(path, 3);
        renameSync(copyPath(path), rotatedPath(path, 1));
        truncateSync(path, 0);
      },
      "",
      "text\n",
    ],
    [
      "somebody wrote meanwhile",
      (path) => {
        copyFileSync(path, copyPath(path));
        note(path, 5, statSync(copyPath(path)).ino);
        appendFileSync(path, "more\n");
      },
      "text\nmore\n",
      "older\n",
    ],
  ];
  for (const [name, prepare, current, previous] of rows) {
    await inDirectory((path) => {
      writeFileSync(path, "text\n");
      writeFileSync(rotatedPath(path, 1), "older\n");
      prepare(path);
      assertEquals(isRotationPending(path), true);
      const rotated = recoverRotation(path, 3);
      assertEquals([readFileSync(path, "utf8"), readFileSync(rotatedPath(path, 1), "utf8")], [
        current,
        previous,
      ], name);
      // Whoever is killed before the writers go on is followed by one who looks again.
      assertEquals([isRotationPending(path), existsSync(copyPath(path))], [true, false], name);
      // By then one of them may have written as much as there was.
      if (current === "") writeFileSync(path, "more\n");
      assertEquals(recoverRotation(path, 3), rotated, name);
      assertEquals(readFileSync(path, "utf8"), current === "" ? "more\n" : current, name);
      assertEquals(readFileSync(rotatedPath(path, 1), "utf8"), previous, name);
      forgetRotation(path);
      assertEquals(isRotationPending(path), false, name);
    });
  }
});

Deno.test("readLog() gives the last lines over all files, filtered by time and text", () =>
  inDirectory(async (path) => {
    const index = new TimeIndex(path);
    writeFileSync(rotatedPath(path, 1), "one\ntwo\n");
    index.note({ rotations: 0, offset: 0, time: 1_000 });
    index.note({ rotations: 0, offset: 4, time: 5_000 });
    index.note({ rotations: 0, offset: 6, time: 5_400 });
    writeFileSync(path, "three\nfour\nopen");
    index.note({ rotations: 1, offset: 0, time: 9_000 });
    const read = (query: Parameters<typeof readLog>[2]) => readLog(path, () => 1, query);
    const texts = async (query: Parameters<typeof readLog>[2]) => (await read(query)).map(({ line }) => line);
    assertEquals(await texts({ lines: 10 }), ["one", "two", "three", "four", "open"]);
    assertEquals(await texts({ lines: 4 }), ["two", "three", "four", "open"]);
    assertEquals(await texts({ lines: 0 }), []);
    assertEquals(await texts({ lines: 10, grep: /^t/ }), ["two", "three"]);
    assertEquals(await texts({ lines: 10, since: 5_000 }), ["two", "three", "four", "open"]);
    assertEquals(await texts({ lines: 10, since: 5_001 }), ["three", "four", "open"]);
    assertEquals(await texts({ lines: 10, since: 9_001 }), []);
    assertEquals((await read({ lines: 10 })).map(({ time }) => time), [
      1_000,
      5_000,
      9_000,
      9_000,
      9_000,
    ]);
    index.prune(1);
    assertEquals(index.read(), [{ rotations: 1, offset: 0, time: 9_000 }]);
  }));

Deno.test("readLog() reads backwards from the end of a large file", () =>
  inDirectory(async (path) => {
    const count = 200_000;
    writeFileSync(path, Array.from({ length: count }, (_, i) => `line ${i}\n`).join(""));
    const texts = async (query: Parameters<typeof readLog>[2]) =>
      (await readLog(path, () => 0, query)).map(({ line }) => line);
    assertEquals(await texts({ lines: 2 }), [`line ${count - 2}`, `line ${count - 1}`]);
    assertEquals(await texts({ lines: 2, grep: /^line 7$/ }), ["line 7"]);
    assertEquals((await texts({ lines: 150_000 }))[0], "line 50000");
  }));

Deno.test("readLog() reads as many marks of a long row as its lines need, and knows the time of each", () =>
  inDirectory(async (path) => {
    const [older, all] = [5_000, 20_000];
    const numbers = Array.from({ length: all }, (_, n) => n);
    const marks = numbers.map((n) => n < older ? `0 ${n * 8} ${n * 60}` : `1 ${(n - older) * 8} ${n * 60}`);
    writeFileSync(`${path}.times`, `${marks.join("\n")}\n`);
    const lines = (some: number[]) => some.map((n) => `${`${n}`.padStart(7)}\n`).join("");
    writeFileSync(rotatedPath(path, 1), lines(numbers.slice(0, older)));
    writeFileSync(path, lines(numbers.slice(older)));
    const index = new TimeIndex(path);
    const newest = index.newest(({ offset }) => offset <= (all - older - 10) * 8);
    assertEquals([newest.length >= 10, newest.length < 2_000], [true, true]);
    assertEquals(newest.at(-1)?.time, (all - 1) * 60);
    assertEquals(index.newest(() => false), index.read());
    const times = async (query: Parameters<typeof readLog>[2]) =>
      (await readLog(path, () => 1, query)).map(({ line, time }) => [Number(line), time]);
    assertEquals(await times({ lines: 2 }), [[all - 2, (all - 2) * 60], [all - 1, (all - 1) * 60]]);
    for (const n of [older, older - 1, 0]) {
      assertEquals(await times({ lines: 1, grep: new RegExp(`^ +${n}$`) }), [[n, n * 60]]);
    }
  }));

Deno.test("readLog() since a time knows that a clock may have been set back", () =>
  inDirectory(async (path) => {
    writeFileSync(path, "one\ntwo\nthree\n");
    const index = new TimeIndex(path);
    index.note({ rotations: 0, offset: 0, time: 5_000 });
    index.note({ rotations: 0, offset: 4, time: 500 });
    index.note({ rotations: 0, offset: 8, time: 9_000 });
    const texts = async (since: number) =>
      (await readLog(path, () => 0, { lines: 10, since })).map(({ line }) => line);
    assertEquals(await texts(400), ["one", "two", "three"]);
    assertEquals(await texts(4_000), ["one", "three"]);
    assertEquals(await texts(6_000), ["three"]);
  }));

Deno.test("readLog() gives the first lines after a rotation the time of the last before it", () =>
  inDirectory(async (path) => {
    const index = new TimeIndex(path);
    writeFileSync(rotatedPath(path, 1), "one\ntwo\n");
    index.note({ rotations: 0, offset: 0, time: 1_000 });
    index.note({ rotations: 0, offset: 8, time: 5_000 });
    writeFileSync(path, "three\nfour\nfive\n");
    index.note({ rotations: 1, offset: 11, time: 9_000 });
    const read = async (since?: number) =>
      (await readLog(path, () => 1, { lines: 10, since })).map(({ line, time }) => [line, time]);
    const newest = [["three", 5_000], ["four", 5_000], ["five", 9_000]];
    assertEquals(await read(), [["one", 1_000], ["two", 1_000], ...newest]);
    assertEquals(await read(5_000), newest);
    assertEquals(await read(5_001), [["five", 9_000]]);
    // So it is where a search since a time takes more than the first block.
    writeFileSync(path, `three\n${"four\n".repeat(60_000)}`);
    assertEquals((await readLog(path, () => 1, { lines: 100_000, since: 5_000 })).length, 60_001);
  }));

Deno.test("readLog() lets other work pass in a search that takes long, stops at an abort, and goes on in a log that is rotated", () =>
  inDirectory(async (path) => {
    writeFileSync(rotatedPath(path, 1), "the oldest\n");
    writeFileSync(path, `the first\n${"some line of it\n".repeat(4_000_000)}`);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const grep = /never there/;
    assertEquals(await readLog(path, () => 0, { lines: 1, grep }), []);
    assertEquals(turns > 0, true);
    const abort = new AbortController();
    const search = readLog(path, () => 0, { lines: 1, grep }, abort.signal);
    abort.abort(new Error("enough"));
    await assertRejects(() => search, Error, "enough");
    clearInterval(timer);
    let rotations = 1;
    const found = readLog(path, () => rotations, { lines: 3, grep: /^the [a-z]+$/ });
    renameSync(rotatedPath(path, 1), rotatedPath(path, 2));
    copyFileSync(path, rotatedPath(path, 1));
    truncateSync(path, 0);
    appendFileSync(path, "the newest\n".repeat(100_000));
    rotations = 2;
    assertEquals((await found).map(({ line }) => line), ["the oldest", "the first"]);
  }));

Deno.test("readLog() with a time reads nothing from before it, however large the log", () =>
  inDirectory(async (path) => {
    // A hole of a terabyte, which takes hours to read.
    const old = 2 ** 40;
    writeFileSync(path, "first\n");
    truncateSync(path, old);
    appendFileSync(path, "\nolder\nyoung\nyoungest\n");
    const index = new TimeIndex(path);
    index.note({ rotations: 0, offset: 0, time: 1_000 });
    index.note({ rotations: 0, offset: old + 1, time: 5_000 });
    index.note({ rotations: 0, offset: old + 7, time: 9_000 });
    const texts = async (query: Parameters<typeof readLog>[2]) =>
      (await readLog(path, () => 0, query)).map(({ line }) => line);
    assertEquals(await texts({ lines: 100, since: 9_000 }), ["young", "youngest"]);
    assertEquals(await texts({ lines: 100, since: 5_000 }), ["older", "young", "youngest"]);
    assertEquals(await texts({ lines: 100, since: 2_000, grep: /older/ }), ["older"]);
    assertEquals(await texts({ lines: 100, since: 10_000 }), []);
  }));

Deno.test("a daemon that is killed while it lets the writers go on is known to have stopped them, and rotates nothing twice", async () => {
  const path = `${Deno.makeTempDirSync()}/a.log`;
  writeFileSync(path, "one\n");
  let pending = false;
  await rotateLog(path, {
    keep: 3,
    rotations: 4,
    writers: {
      hold: () => Promise.resolve(true),
      release: () => {
        pending = isRotationPending(path);
        // As if it were killed here, and a writer had written as much as there was.
        writeFileSync(path, "two\n");
        assertEquals(recoverRotation(path, 3), 4);
      },
    },
    onRotated: () => {},
  });
  assertEquals(pending, true);
  assertEquals([readFileSync(path, "utf8"), readFileSync(`${path}.1`, "utf8")], ["two\n", "one\n"]);
  assertEquals(isRotationPending(path), false);
});

Deno.test("TimeIndex keeps a mark for each twentieth of a second, and of older ones one a second", () =>
  inDirectory((path) => {
    const index = new TimeIndex(path);
    const count = 10_000;
    for (let n = 0; n < count; n++) index.note({ rotations: 0, offset: n, time: 1_000_000 + n * 25 });
    const marks = index.read();
    const last = 1_000_000 + (count - 2) * 25;
    assertEquals(marks.at(-1)?.time, last);
    const gaps = marks.slice(1).map(({ time }, at) => time - (marks[at]?.time ?? 0));
    assertEquals([Math.max(...gaps), gaps.at(-1)], [1_000, 50]);
    assertEquals(marks.length < 2_500, true, `${marks.length}`);
    assertEquals(marks.filter(({ time }) => time > last - 30_000).length > 500, true);
  }));
