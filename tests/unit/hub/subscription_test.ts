import { assertEquals } from "@std/assert";
import { Hub } from "../../../src/hub/hub.ts";
import { type HubItem, type HubSubscription, onItem, subscribe } from "../../../src/hub/subscription.ts";

const all = { types: [] };

async function take(subscription: HubSubscription<unknown>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const item of subscription) {
    seen.push(show(item));
    if (seen.length === count) break;
  }
  return seen;
}

function show(item: HubItem): string {
  switch (item.kind) {
    case "event":
      return `${item.event.seq} ${item.event.type}`;
    case "lagged":
      return `lagged ${item.lagged.from}-${item.lagged.to} (${item.lagged.dropped})`;
    case "reset":
      return `reset ${item.position.seq}`;
  }
}

Deno.test("subscribe() sees what is published after it, in order, and nothing from before", async () => {
  const hub = new Hub();
  hub.publish("a.one", 1);
  const subscription = subscribe(hub, { filter: all });
  hub.publish("a.two", 2);
  hub.publish("a.three", 3);
  assertEquals(await take(subscription, 2), ["2 a.two", "3 a.three"]);
});

Deno.test("subscribe() takes only the types and the subject that were asked for", async () => {
  const hub = new Hub();
  const subscription = subscribe(hub, { filter: { types: ["app.*"], subject: "api" } });
  hub.publish("app.x", 1, { subject: "api" });
  hub.publish("app.x", 2, { subject: "web" });
  hub.publish("apple.x", 3, { subject: "api" });
  hub.publish("app.y", 4, { subject: "api" });
  assertEquals(await take(subscription, 2), ["1 app.x", "4 app.y"]);
});

Deno.test("subscribe() replays from the position that the subscriber saw last", async () => {
  const hub = new Hub();
  for (const type of ["a.one", "a.two", "a.three"]) hub.publish(type, null);
  const subscription = subscribe(hub, { filter: all, since: { epoch: hub.epoch, seq: 1 } });
  hub.publish("a.four", null);
  assertEquals(await take(subscription, 3), ["2 a.two", "3 a.three", "4 a.four"]);
});

Deno.test("subscribe() announces a reset for a position of another epoch, then goes on", async () => {
  const hub = new Hub();
  hub.publish("a.one", null);
  const subscription = subscribe(hub, { filter: all, since: { epoch: "000000000000", seq: 1 } });
  hub.publish("a.two", null);
  assertEquals(await take(subscription, 2), ["reset 1", "2 a.two"]);
});

Deno.test("subscribe() announces what a slow reader missed, and the stream goes on", async () => {
  const hub = new Hub({ limits: { events: 4 } });
  const subscription = subscribe(hub, { filter: all });
  for (let i = 1; i <= 10; i++) hub.publish(`a.e${i}`, null);
  assertEquals(await take(subscription, 5), ["lagged 1-6 (6)", "7 a.e7", "8 a.e8", "9 a.e9", "10 a.e10"]);
});

Deno.test("subscribe() takes the snapshot and the start of the stream in one step", async () => {
  const hub = new Hub();
  let state = 0;
  hub.publish("n.set", state = 1);
  const subscription = subscribe(hub, { filter: all, snapshot: () => state });
  hub.publish("n.set", state = 2);
  assertEquals([subscription.snapshot, subscription.position.seq], [1, 1]);
  assertEquals(await take(subscription, 1), ["2 n.set"]);
});

Deno.test("subscribe() ends a waiting iteration when it is closed or its signal aborts", async () => {
  const hub = new Hub();
  const abort = new AbortController();
  const closed = subscribe(hub, { filter: all });
  const aborted = subscribe(hub, { filter: all, signal: abort.signal });
  const ends = [take(closed, 1), take(aborted, 1)];
  closed.close();
  abort.abort();
  assertEquals(await Promise.all(ends), [[], []]);
});

Deno.test("subscribe() wakes a reader that waits", async () => {
  const hub = new Hub();
  const seen = take(subscribe(hub, { filter: all }), 1);
  await Promise.resolve();
  hub.publish("a.late", null);
  assertEquals(await seen, ["1 a.late"]);
});

Deno.test("onItem() calls after the publisher's own code, goes on after a throw, and stops when disposed", async () => {
  const hub = new Hub();
  const seen: string[] = [];
  const errors: unknown[] = [];
  const registration = onItem(hub, {
    filter: all,
    listener: (item) => {
      seen.push(show(item));
      if (seen.length === 1) throw new Error("first");
    },
    onError: (error) => errors.push(error),
  });
  hub.publish("a.one", null);
  hub.publish("a.two", null);
  assertEquals(seen, []);
  await Promise.resolve();
  assertEquals([seen, errors.length], [["1 a.one", "2 a.two"], 1]);
  registration[Symbol.dispose]();
  hub.publish("a.three", null);
  await Promise.resolve();
  assertEquals(seen.length, 2);
});
