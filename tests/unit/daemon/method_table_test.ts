import { assertEquals } from "@std/assert";
import { MethodTable } from "../../../src/daemon/method_table.ts";
import { METHODS } from "../../../src/protocol/methods/mod.ts";

Deno.test("MethodTable refuses a name that is registered twice or not declared", () => {
  const table = new MethodTable(METHODS);
  const ping = { "daemon.ping": () => ({ uptime_secs: 0, cached_runtimes: 0 }) };
  table.register(ping);
  const errors = [() => table.register(ping), () => table.register({ "no.such": () => ({}) } as never)].map(
    (call) => {
      try {
        call();
        return "accepted";
      } catch (error) {
        return (error as Error).message;
      }
    },
  );
  assertEquals(errors, [`Method "daemon.ping" is registered twice`, `Method "no.such" is not declared`]);
});
