import { assertEquals } from "@std/assert";
import { QuietCollector } from "../../../src/daemon/quiet_collector.ts";

Deno.test("memory is given back once after the start and after a burst of work, when it has been quiet", () => {
  let [work, given] = [0, 0];
  const collector = new QuietCollector({ work: () => work, collect: () => {}, giveBack: () => given++ });
  const looks = () => {
    for (let n = 0; n < 5; n++) collector.look();
    return given;
  };
  assertEquals(looks(), 1);
  work += 50;
  assertEquals(looks(), 1);
  for (let n = 0; n < 10; n++) {
    work += 100;
    collector.look();
  }
  assertEquals(given, 1);
  assertEquals(looks(), 2);
  work += 99;
  assertEquals(looks(), 2);
  work += 1;
  assertEquals(looks(), 3);
});

Deno.test("connections that come and stay are collected after, those that come and go are not", () => {
  let collected = 0;
  const collector = new QuietCollector({ work: () => 0, collect: () => collected++, giveBack: () => {} });
  for (let n = 0; n < 500; n++) {
    for (let open = 1; open < 60; open++) collector.connections(open);
    for (let open = 59; open >= 0; open--) collector.connections(open);
  }
  assertEquals(collected, 0);
  for (let open = 1; open <= 64; open++) collector.connections(open);
  assertEquals(collected, 1);
});
