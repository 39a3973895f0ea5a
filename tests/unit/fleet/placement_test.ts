import { assertEquals } from "@std/assert";
import type { PlacedCopy } from "../../../src/fleet/apps/app_message.ts";
import {
  type CopySight,
  placeCopies,
  type PlacementFacts,
  type PlacementHost,
} from "../../../src/fleet/apps/placement.ts";

const WEB = { role: "web" };
const host = (name: string, more: Partial<PlacementHost> = {}): PlacementHost => ({
  host: name,
  labels: WEB,
  load: 0,
  suspect: false,
  refused: undefined,
  ...more,
});
const copy = (number: number, on: string | null, run = 1): PlacedCopy => ({
  copy: number,
  host: on,
  run,
  why: null,
});
const sight = (more: Partial<CopySight> = {}): CopySight => ({
  lost: false,
  run: 1,
  state: "running",
  reason: undefined,
  ...more,
});

/** Copies in short: the host of each, with `*` where it has the newest run, or why it waits. */
function place(facts: Partial<PlacementFacts> & { replicas?: number | "all"; run?: number }): string[] {
  const { replicas = 1, run = 1, ...others } = facts;
  const spec = { hosts: { names: [], labels: WEB }, replicas, stopped: false, run };
  return placeCopies({ spec, hosts: [], before: [], sights: new Map(), ...others })
    .map((one) => one.host === null ? one.why ?? "" : `${one.host}${one.run === run ? "*" : ""}`);
}

Deno.test("placeCopies() puts copies on the hosts with the fewest, one on each, by name where they are alike", () => {
  const hosts = [host("c"), host("b"), host("a", { load: 2 }), host("d", { labels: {} })];
  assertEquals(place({ replicas: 2, hosts }), ["b*", "c*"]);
  assertEquals(place({ replicas: 4, hosts }), [
    "b*",
    "c*",
    "a*",
    "each of the 3 hosts that has role=web has a copy already",
  ]);
  assertEquals(place({ replicas: "all", hosts }), ["b*", "c*", "a*"]);
  assertEquals(place({ hosts: [host("d", { labels: {} })] }), ["no host that is there has role=web"]);
});

Deno.test('placeCopies() has a copy that waits, with its reason, for each host that refuses one of "all"', () => {
  const hosts = [host("a"), host("b", { refused: "no grant" }), host("c", { refused: "no trust" })];
  const waiting = ["b does not take it: no grant", "c does not take it: no trust"];
  assertEquals(place({ replicas: "all", hosts }), ["a*", ...waiting]);
  const before = [copy(0, "a"), copy(1, null), copy(2, null)];
  assertEquals(place({ replicas: "all", hosts, before, sights: new Map([[0, sight()]]) }), [
    "a*",
    ...waiting,
  ]);
  assertEquals(place({ replicas: 3, hosts }), ["a*", ...waiting]);
});

Deno.test("placeCopies() leaves copies where they are, whatever comes; a host that is lost loses its own", () => {
  const before = [copy(0, "b"), copy(1, "c")];
  const hosts = [host("a"), host("b", { load: 9 }), host("c")];
  const well = new Map([[0, sight()], [1, sight()]]);
  assertEquals(place({ replicas: 2, hosts, before, sights: well }), ["b*", "c*"]);
  // It is not there, and its lease counts still.
  assertEquals(place({ replicas: 2, hosts: [host("a"), host("c")], before, sights: well }), ["b*", "c*"]);
  const lost = new Map([[0, sight({ lost: true })], [1, sight()]]);
  assertEquals(place({ replicas: 2, hosts, before, sights: lost }), ["a*", "c*"]);
  // With a copy on each host there is nowhere to move one.
  assertEquals(place({ replicas: "all", hosts, before, sights: lost }), ["b*", "c*", "a*"]);
  // Rather the host that was silent than none.
  const suspect = [host("b", { suspect: true })];
  assertEquals(place({ hosts: suspect, before: [copy(0, "b")], sights: lost }), ["b*"]);
  assertEquals(place({ hosts: [...suspect, host("z", { load: 5 })], before, sights: lost }), ["z*"]);
});

Deno.test("placeCopies() passes hosts by that refuse, and takes a copy from one that does from now on", () => {
  const hosts = [host("a", { refused: "not trusted" }), host("b")];
  assertEquals(place({ hosts }), ["b*"]);
  assertEquals(place({ hosts, before: [copy(0, "a")], sights: new Map([[0, sight()]]) }), ["b*"]);
  assertEquals(place({ hosts: hosts.slice(0, 1) }), ["a does not take it: not trusted"]);
});

Deno.test("placeCopies() with fewer replicas takes the highest numbers away, and with none wanted all", () => {
  const before = [copy(0, "a"), copy(1, "b"), copy(2, "c")];
  const hosts = [host("a"), host("b"), host("c")];
  assertEquals(place({ replicas: 1, hosts, before }), ["a*"]);
  const spec = { hosts: { names: [], labels: WEB }, replicas: 3, stopped: true, run: 1 };
  assertEquals(placeCopies({ spec, hosts, before, sights: new Map() }), []);
});

Deno.test("placeCopies() updates one copy after the other, each when those before are well", () => {
  const hosts = [host("a"), host("b"), host("c")];
  const before = [copy(0, "a"), copy(1, "b"), copy(2, "c")];
  const old = new Map([[0, sight()], [1, sight()], [2, sight()]]);
  assertEquals(place({ replicas: 3, run: 2, hosts, before, sights: old }), ["a*", "b", "c"]);

  const first = [copy(0, "a", 2), copy(1, "b"), copy(2, "c")];
  const states: [CopySight, string[]][] = [
    [sight({ run: 1 }), ["a*", "b", "c"]],
    [sight({ run: 2, state: "starting" }), ["a*", "b", "c"]],
    [sight({ run: 2, state: "crashed" }), ["a*", "b", "c"]],
    [sight({ run: 2, state: "healthy" }), ["a*", "b*", "c"]],
  ];
  for (const [seen, expected] of states) {
    const sights = new Map([[0, seen], [1, sight()], [2, sight()]]);
    assertEquals(place({ replicas: 3, run: 2, hosts, before: first, sights }), expected);
  }
});

Deno.test("placeCopies() updates a copy that is not well first, and says what the others wait for", () => {
  const hosts = [host("a"), host("b")];
  const before = [copy(0, "a"), copy(1, "b")];
  const sights = new Map([[0, sight()], [1, sight({ state: "exhausted" })]]);
  assertEquals(place({ replicas: 2, run: 2, hosts, before, sights }), ["a", "b*"]);
  const spec = { hosts: { names: [], labels: WEB }, replicas: 2, stopped: false, run: 2 };
  const stuck = placeCopies({
    spec,
    hosts,
    before: [copy(0, "a"), copy(1, "b", 2)],
    sights: new Map([[0, sight()], [1, sight({ run: 2, state: "crashed", reason: "exit code 1" })]]),
  });
  assertEquals(stuck[0]?.why, "waits for copy 1 on b, which is crashed: exit code 1");
});

Deno.test("placeCopies() of what it said itself says the same again", () => {
  const hosts = [host("a"), host("b"), host("c", { suspect: true })];
  const spec = { hosts: { names: [], labels: WEB }, replicas: 4, stopped: false, run: 7 };
  const once = placeCopies({ spec, hosts, before: [], sights: new Map() });
  assertEquals(placeCopies({ spec, hosts, before: once, sights: new Map() }), once);
});
