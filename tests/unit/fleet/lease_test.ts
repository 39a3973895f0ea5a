import { assert, assertEquals, assertRejects } from "@std/assert";
import { longAgo } from "../../../src/fleet/apps/elapsed.ts";
import { Lease } from "../../../src/fleet/apps/lease.ts";
import type { LeaseEntry, LeaseStore } from "../../../src/fleet/apps/lease_log.ts";
import type { LeaseRecord } from "../../../src/fleet/apps/app_message.ts";
import { until } from "../../support/until.ts";

/** The stream, as each host writes to it. */
class Server {
  #entry: LeaseEntry | undefined;
  #seq = 0;
  /** The next write is stored, and its writer hears nothing. */
  losesAnswer = false;

  as(host: string): LeaseStore {
    return {
      host,
      read: () => Promise.resolve(this.#entry),
      write: (_kind, _id, value, { after }) => {
        if (after !== (this.#entry?.seq ?? 0)) return Promise.resolve(undefined);
        this.#entry = { host, seq: ++this.#seq, record: value as LeaseRecord };
        if (!this.losesAnswer) return Promise.resolve(this.#seq);
        this.losesAnswer = false;
        return Promise.reject(new Error("no answer"));
      },
    };
  }

  get term(): number | undefined {
    return this.#entry?.record.term;
  }
}

function lease(instance: string, limitMs = 60_000): Lease {
  return new Lease({ kind: "lease", id: "app-0", instance, limitMs, longestMs: limitMs });
}

Deno.test("Lease.take() by one host at a time; another has it when it is given back, in a later term", async () => {
  const server = new Server();
  const [one, two] = [lease("m1"), lease("m2")];
  assertEquals(await one.take(server.as("a")), undefined);
  assert(one.isSure);
  assertEquals(await two.take(server.as("b")), "a");
  assertEquals(await one.renew(server.as("a")), true);
  await one.release(server.as("a"));
  assertEquals(one.isSure, false);
  assertEquals(await two.take(server.as("b")), undefined);
  assertEquals([two.isSure, server.term], [true, 2]);
  assertEquals(await one.take(server.as("a")), "b");
});

Deno.test("Lease.take() of one that a follower saw silent for its limit, unless it was renewed since", async () => {
  const server = new Server();
  const [one, two] = [lease("m1"), lease("m2")];
  await one.take(server.as("a"));
  two.observe({ seq: 1, since: longAgo() });
  await one.renew(server.as("a"));
  assertEquals(await two.take(server.as("b")), "a");
  const three = lease("m3");
  three.observe({ seq: 2, since: longAgo() });
  assertEquals(await three.take(server.as("c")), undefined);
});

Deno.test("Lease.take() of one that is silent for its limit; its former holder does not renew it", async () => {
  const server = new Server();
  const [one, two] = [lease("m1", 100), lease("m2", 100)];
  await one.take(server.as("a"));
  assertEquals(await two.take(server.as("b")), "a");
  await until(async () => await two.take(server.as("b")) === undefined, "b has the lease");
  assertEquals(one.isSure, false);
  assertEquals(await one.renew(server.as("a")), false);
  assertEquals(one.held, undefined);
});

Deno.test("Lease.take() by another machine with the same host name waits; the same machine goes on with it", async () => {
  const server = new Server();
  await lease("m1").take(server.as("a"));
  assertEquals(await lease("m2").take(server.as("a")), "a");
  assertEquals(await lease("m1").take(server.as("a")), undefined);
  assertEquals(server.term, 1);
});

Deno.test("Lease.renew() whose answer was lost is the holder's still; it counts from the one that was confirmed", async () => {
  const server = new Server();
  const one = lease("m1");
  await one.take(server.as("a"));
  server.losesAnswer = true;
  await assertRejects(() => one.renew(server.as("a")), Error, "no answer");
  assert(one.isSure);
  assertEquals(await one.renew(server.as("a")), true);
  assertEquals(server.term, 1);
});
