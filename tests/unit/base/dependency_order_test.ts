import { assertEquals } from "@std/assert";
import { dependencyCycle, dependents, startOrder } from "../../../src/base/dependency_order.ts";

const DEPENDENCIES = new Map([["web", ["api", "cache"]], ["api", ["db"]], ["cache", []], ["db", []]]);

Deno.test("startOrder() puts each app after what it waits for, and takes that along", () => {
  assertEquals(startOrder(["web"], DEPENDENCIES), ["db", "api", "cache", "web"]);
  assertEquals(startOrder(["db", "web"], DEPENDENCIES), ["db", "api", "cache", "web"]);
  assertEquals(startOrder(["api"], DEPENDENCIES), ["db", "api"]);
});

Deno.test("dependents() are those that wait for an app directly", () => {
  const names = [...DEPENDENCIES.keys()];
  assertEquals(dependents("db", names, DEPENDENCIES), ["api"]);
  assertEquals(dependents("web", names, DEPENDENCIES), []);
  assertEquals(dependents("cache", ["cache", "db"], DEPENDENCIES), []);
});

Deno.test("dependencyCycle() gives the path that comes back, or nothing", () => {
  assertEquals(dependencyCycle(DEPENDENCIES), undefined);
  assertEquals(dependencyCycle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
});
