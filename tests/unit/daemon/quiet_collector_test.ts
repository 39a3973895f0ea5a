import { assertEquals } from "@std/assert";
import { QuietCollector } from "../../../src/daemon/quiet_collector.ts";

Deno.test("memory is collected once after a burst of work, when it has been quiet, and not for a little work", () => {
  let [work, collected] = [0, 0];
  const collector = new QuietCollector({ work: () => work, collect: () => collected++ });
  const looks = () => {
    for (let n = 0; n < 5; n++) collector.look();
    return collected;
  };
  work += 50;
  assertEquals(looks(), 0);
  for (let n = 0; n < 10; n++) {
    work += 100;
    collector.look();
  }
  assertEquals(collected, 0);
  assertEquals(looks(), 1);
  work += 99;
  assertEquals(looks(), 1);
  work += 1;
  assertEquals(looks(), 2);
});
