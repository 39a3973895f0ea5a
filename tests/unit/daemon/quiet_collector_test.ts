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
  const wave = (most: number) => {
    for (let open = 1; open <= most; open++) collector.connections(open);
    for (let open = most - 1; open >= 0; open--) collector.connections(open);
  };
  for (let n = 0; n < 500; n++) {
    wave(15);
    collector.look();
  }
  assertEquals(collected, 0);
  for (let n = 0; n < 500; n++) wave(40);
  assertEquals(collected, 2);
  // Those that stay are seen by the next look.
  for (let open = 1; open <= 20; open++) collector.connections(open);
  collector.look();
  for (let open = 21; open <= 36; open++) collector.connections(open);
  assertEquals(collected, 3);
});

Deno.test("many connections are collected after each 64th part more", () => {
  let collected = 0;
  const collector = new QuietCollector({ work: () => 0, collect: () => collected++, giveBack: () => {} });
  for (let open = 1; open <= 256; open++) collector.connections(open);
  assertEquals(collected, 16);
  for (let open = 257; open <= 16_384; open++) collector.connections(open);
  // Up to 1,024 by sixteens.
  assertEquals(collected > 64 && collected <= 64 + Math.log(16) / Math.log(65 / 64), true);
});
