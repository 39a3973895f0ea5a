import { assertEquals, assertRejects } from "@std/assert";
import { runGraph } from "../../../../src/cli/task/run_graph.ts";

const GRAPH = new Map([
  ["a", { after: [] }],
  ["b", { after: ["a"] }],
  ["c", { after: ["a"] }],
  ["d", { after: ["b", "c"] }],
]);

async function run(
  { fails = [], keepGoing = false, jobs = 9 }: { fails?: string[]; keepGoing?: boolean; jobs?: number },
) {
  const ran: string[] = [];
  const skipped: string[] = [];
  let [now, most] = [0, 0];
  await runGraph(GRAPH, {
    jobs,
    keepGoing,
    signal: new AbortController().signal,
    async run(key) {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      ran.push(key);
      return !fails.includes(key);
    },
    onSkipped: (key) => {
      skipped.push(key);
      return Promise.resolve();
    },
  });
  return { ran, skipped, most };
}

Deno.test("runGraph() runs each node after those before it, as many at a time as it may", async () => {
  assertEquals(await run({}), { ran: ["a", "b", "c", "d"], skipped: [], most: 2 });
  assertEquals((await run({ jobs: 1 })).most, 1);
});

Deno.test("runGraph() leaves out what depends on a failure; without keepGoing it starts nothing more", async () => {
  assertEquals(await run({ fails: ["b"], keepGoing: true }), {
    ran: ["a", "b", "c"],
    skipped: ["d"],
    most: 2,
  });
  assertEquals(await run({ fails: ["b"], jobs: 1 }), { ran: ["a", "b"], skipped: ["c", "d"], most: 1 });
});

Deno.test("runGraph() throws for nodes that wait for each other, instead of waiting for ever", async () => {
  const ran: string[] = [];
  const running = runGraph(
    new Map([["a", { after: [] }], ["b", { after: ["c"] }], ["c", { after: ["b"] }]]),
    {
      keepGoing: false,
      signal: new AbortController().signal,
      run: (key) => {
        ran.push(key);
        return Promise.resolve(true);
      },
      onSkipped: () => Promise.resolve(),
    },
  );
  await assertRejects(() => running, TypeError, "These never come to run: b, c");
  assertEquals(ran, ["a"]);
});
