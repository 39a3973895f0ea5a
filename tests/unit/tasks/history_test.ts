import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { TaskInfo, TaskState } from "../../../src/protocol/methods/task_methods.ts";
import { onDamage } from "../../../src/base/set_aside.ts";
import { forgetOld, type Rows } from "../../../src/tasks/forget_old.ts";
import { History, type StoredTask } from "../../../src/tasks/history.ts";

function stored(
  id: string,
  { state = "completed", created = 1 }: { state?: TaskState; created?: number } = {},
): StoredTask {
  const info: TaskInfo = {
    id,
    name: "a",
    root: "/p",
    state,
    reason: null,
    error: null,
    attempt: 1,
    skipped: false,
    skip_reason: null,
    exit_code: 0,
    pid: null,
    result: null,
    text: null,
    client_id: null,
    created_at: created,
    started_at: null,
    ended_at: null,
    log: "",
  };
  return {
    info,
    request: { command: null, text: null, images: [], configuration: {}, cwd: "/p" },
    process: null,
  };
}

Deno.test("History keeps tasks and messages over a reopening, lists newest first, and prunes what is old or too much", async () => {
  const path = `${Deno.makeTempDirSync()}/history.db`;
  {
    using history = new History(path);
    history.put(stored("000000000009", { state: "running", created: 0 }));
    for (let n = 1; n <= 5; n++) history.put(stored(`00000000000${n}`, { created: n }));
    history.addMessage("000000000001", { time: 1, from: "task", data: "one" });
    assertEquals(history.addMessage("000000000001", { time: 2, from: "user", data: "two" }).seq, 2);
  }
  using history = new History(path, { tasks: 3, age: 1_000 });
  assertEquals(history.list({ root: "/p", limit: 2 }).map(({ info }) => info.created_at), [5, 4]);
  assertEquals(
    history.list({ before: "000000000003", limit: 2 }).map(({ info }) => info.created_at),
    [2, 1],
  );
  assertEquals(history.list({ states: ["running"], limit: 9 }).map(({ info }) => info.id), ["000000000009"]);
  assertEquals(history.messages("000000000001").map(({ data }) => data), ["one", "two"]);
  await history.prune(1_000);
  assertEquals(history.list({ limit: 9 }).map(({ info }) => info.id).includes("000000000009"), true);
  await history.prune(10_000);
  assertEquals(history.list({ limit: 9 }).map(({ info }) => info.state), ["running"]);
  assertEquals(history.messages("000000000001"), []);
});

Deno.test("History lists several states newest first, a page at a time", () => {
  using history = new History(`${Deno.makeTempDirSync()}/history.db`);
  const states: TaskState[] = ["completed", "aborted", "running"];
  for (let n = 0; n < 30; n++) {
    history.put(stored(`id${n}`, { state: states[n % 3] ?? "running", created: n }));
  }
  const page = (before?: string) =>
    history.list({ root: "/p", states: ["aborted", "completed"], before, limit: 7 }).map(({ info }) =>
      info.id
    );
  assertEquals(page(), ["id28", "id27", "id25", "id24", "id22", "id21", "id19"]);
  assertEquals(page("id19"), ["id18", "id16", "id15", "id13", "id12", "id10", "id9"]);
  assertEquals(history.list({ root: "/other", states, limit: 7 }), []);
});

Deno.test("History forgets a surplus of thousands in steps, between which it can be used, and a closing ends them", async () => {
  const path = `${Deno.makeTempDirSync()}/history.db`;
  {
    using history = new History(path);
    history.put(stored("waits", { state: "queued" }));
    for (let n = 0; n < 800; n++) history.put(stored(`id${n}`, { created: n }));
    for (let n = 0; n < 5; n++) history.addMessage("id3", { time: n, from: "task", data: n });
    history.addMessage("closed", { time: 1, from: "task", data: "late" });
  }
  {
    const history = new History(path, { tasks: 50, age: 1e15 });
    const pruned = history.prune();
    history.put(stored("new", { created: 1_000 }));
    assertEquals(history.list({ limit: 1_000 }).length > 600, true);
    history[Symbol.dispose]();
    await pruned;
  }
  using history = new History(path, { tasks: 50, age: 1e15 });
  await history.prune();
  const left = history.list({ limit: 1_000 }).map(({ info }) => info.id);
  assertEquals([left.length, left[0], left.at(-1)], [51, "new", "waits"]);
  assertEquals([...history.messages("id3"), ...history.messages("closed")], []);
});

Deno.test("forgetOld() counts far into a history in steps, and finds the surplus wherever they end", () => {
  using database = new DatabaseSync(":memory:");
  database.exec(`
    CREATE TABLE tasks (id TEXT PRIMARY KEY, state TEXT, created_at INTEGER);
    CREATE TABLE messages (task TEXT, seq INTEGER);
    CREATE TABLE finals (id INTEGER PRIMARY KEY, time INTEGER);
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
      INSERT INTO tasks SELECT 'id' || n, 'completed', n FROM numbers;
    DELETE FROM tasks WHERE created_at % 5 = 0;
  `);
  const left = () => Number(database.prepare("SELECT COUNT(*) AS rows FROM tasks").get()?.["rows"]);
  let passedOver = 0;
  const rows: Rows = {
    run: (sql, ...parameters) => database.prepare(sql).run(...parameters),
    get(sql, ...parameters) {
      if (sql.includes("OFFSET")) passedOver += Number(parameters.at(-1));
      return database.prepare(sql).get(...parameters);
    },
    all: (sql, ...parameters) => database.prepare(sql).all(...parameters),
  };
  for (const tasks of [4_001, 4_000, 3_999, 3_001, 3_000, 2_999, 1]) {
    const steps = forgetOld(rows, { before: 0, tasks });
    for (let done = false; !done; done = steps.next().done === true) {
      assertEquals(passedOver <= 1_000, true);
      passedOver = 0;
    }
    assertEquals(left(), Math.min(tasks, 4_000));
  }
});

Deno.test("History leaves what is old alone while a daemon starts, and forgets it then", async () => {
  using history = new History(`${Deno.makeTempDirSync()}/history.db`, { tasks: 5, age: 1e15 });
  for (let n = 0; n < 20; n++) history.put(stored(`id${n}`, { created: n }));
  const pruned = history.prune();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  assertEquals(history.list({ limit: 99 }).length, 20);
  await pruned;
  assertEquals(history.list({ limit: 99 }).length, 5);
});

Deno.test("History forgets a surplus also while tasks are written all the time, which then come first", async () => {
  using history = new History(`${Deno.makeTempDirSync()}/history.db`, { tasks: 50, age: 1e15 });
  for (let n = 0; n < 450; n++) history.put(stored(`id${n}`, { created: n }));
  let done = false;
  const pruned = history.prune().then(() => done = true);
  let written = 0;
  while (!done) {
    history.put(stored(`new${written++ % 20}`, { created: 1_000 }));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await pruned;
  assertEquals(history.list({ limit: 1_000 }).length <= 70, true);
});

Deno.test("History forgets ends that no durable subscriber took for too long", async () => {
  using history = new History(`${Deno.makeTempDirSync()}/history.db`, { age: 100 });
  history.finals("ci", 1);
  for (let time = 0; time < 500; time++) history.addFinal({ type: "task.completed", time, data: time });
  await history.prune(350);
  assertEquals(
    history.finals("ci", 1_000).map(({ data }) => data),
    Array.from({ length: 250 }, (_, n) => 250 + n),
  );
});

Deno.test("History keeps the newest messages of a task that says very much", () => {
  const path = `${Deno.makeTempDirSync()}/history.db`;
  using history = new History(path, { messages: 20 });
  const [id, other] = ["000000000001", "000000000002"];
  history.addMessage(other, { time: 1, from: "task", data: "other" });
  for (let n = 1; n <= 1_000; n++) history.addMessage(id, { time: n, from: "task", data: n });
  assertEquals(history.messages(id).map(({ seq }) => seq), Array.from({ length: 20 }, (_, n) => 981 + n));
  assertEquals(history.messages(id, 2_000).length < 25, true);
  assertEquals(history.messages(other).length, 1);
});

Deno.test("an acknowledgement never goes back, and a new durable subscriber begins with what comes after now", () => {
  using history = new History(`${Deno.makeTempDirSync()}/history.db`);
  const add = (n: number) => history.addFinal({ type: "task.completed", time: n, data: n });
  add(1);
  assertEquals(history.finals("ci", 9), []);
  const [second, third] = [add(2), add(3)];
  assertEquals(history.finals("ci", 9).map(({ data }) => data), [2, 3]);
  assertEquals(history.acknowledge("ci", second), second);
  assertEquals(history.acknowledge("ci", 0), second);
  assertEquals(history.finals("ci", 9).map(({ id }) => id), [third]);
  // What is not there yet is still to come.
  assertEquals(history.acknowledge("ci", third + 5), third);
  const fourth = add(4);
  assertEquals(history.finals("ci", 9).map(({ id }) => id), [fourth]);
});

Deno.test("History sets a damaged file aside whenever it meets the damage, and goes on with an empty one", () => {
  const rows: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ["header", (bytes) => bytes.fill(7, 0, 100)],
    ["pages", (bytes) => bytes.fill(9, 4_096)],
    ["half a file", (bytes) => bytes.subarray(0, bytes.length / 2)],
    ["20 bytes", () => new Uint8Array(20).fill(1)],
    ["empty", () => new Uint8Array(0)],
  ];
  for (const [name, damage] of rows) {
    const told: string[] = [];
    onDamage((line) => told.push(line));
    const directory = Deno.makeTempDirSync();
    const path = `${directory}/history.db`;
    {
      using history = new History(path);
      for (let n = 0; n < 200; n++) history.put(stored(`id${n}`));
      history.addMessage("id1", { time: 1, from: "task", data: "one" });
    }
    Deno.writeFileSync(path, damage(Deno.readFileSync(path)));
    using history = new History(path);
    history.addMessage("id1", { time: 1, from: "task", data: "two" });
    history.put(stored("new"));
    assertEquals(history.list({ limit: 500 }).map(({ info }) => info.id), ["new"], name);
    assertEquals(told.length, name === "empty" ? 0 : 1, name);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  }
});

Deno.test("History skips a row that is no JSON, and shows the others", () => {
  const path = `${Deno.makeTempDirSync()}/history.db`;
  {
    using history = new History(path);
    history.put(stored("good"));
    history.put(stored("bad"));
  }
  const database = new DatabaseSync(path);
  database.exec("UPDATE tasks SET json = '{' WHERE id = 'bad'");
  database.close();
  using history = new History(path);
  assertEquals(history.list({ limit: 9 }).map(({ info }) => info.id), ["good"]);
  assertEquals(history.get("bad"), undefined);
});
