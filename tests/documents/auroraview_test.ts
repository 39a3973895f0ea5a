/** AuroraView's RFC 0011, and ipckit beneath it, with clients that were written from the documents alone. */
import { assertEquals } from "@std/assert";
import { documented } from "../e2e/support.ts";
import { listening } from "../e2e/dialect_sandbox.ts";
import { JsonClient } from "./clients/line_client.ts";

Deno.test("auroraview: a ping is answered with a pong of the same id", async () => {
  const { daemon, path } = await listening("auroraview", { haft: documented });
  await using _ = daemon;
  using client = new JsonClient(path, "lines");
  client.send({ type: "ping", id: "p1" });
  assertEquals(await client.recv(), { type: "pong", id: "p1" });
});

Deno.test("auroraview: a request of the envelope calls a native method, and its response has the same id", async () => {
  const { daemon, path } = await listening("auroraview", { haft: documented });
  await using _ = daemon;
  using client = new JsonClient(path, "lines");
  client.send({ type: "request", id: "1", method: "daemon.ping" });
  const { type, id, data } = await client.recv();
  assertEquals([type, id, typeof data.uptime_secs], ["response", "1", "number"]);
  client.send({ type: "request", id: 2, method: "no.such", data: {} });
  const refused = await client.recv();
  assertEquals([refused.type, refused.id, refused.error.code], ["response", 2, -32601]);
  client.send({ id: 3, method: "daemon.ping", params: {} });
  const packed = await client.recv();
  assertEquals([packed.id, packed.ok, typeof packed.result.uptime_secs], [3, true, "number"]);
});

Deno.test("auroraview: a slow request keeps neither another one nor a ping waiting", async () => {
  const { daemon, path } = await listening("auroraview", { haft: documented });
  await using _ = daemon;
  using client = new JsonClient(path, "lines");
  client.send({ type: "request", id: "slow", method: "task.finals", data: { durable: "x", wait: 3 } });
  client.send({ type: "request", id: "quick", method: "daemon.ping" });
  client.send({ type: "ping" });
  const first = [await client.recv(), await client.recv()];
  assertEquals(first.map(({ type }) => type).sort(), ["pong", "response"]);
  assertEquals((await client.recv()).id, "slow");
});

Deno.test("auroraview: subscribed events come as the envelope has them", async () => {
  const { daemon, path } = await listening("auroraview", { haft: documented });
  await using _ = daemon;
  using client = new JsonClient(path, "lines");
  client.send({ type: "request", id: "1", method: "events.subscribe", data: { types: ["user.*"] } });
  assertEquals(typeof (await client.recv()).data.subscription_id, "string");
  await daemon.call("events.publish", { type: "user.saved", data: { path: "/ö" } });
  const { type, event, data } = await client.recv();
  assertEquals([type, event, data], ["event", "user.saved", { path: "/ö" }]);
});

Deno.test("ipckit: what events.subscribe accepted is delivered, and answers keep their order", async () => {
  const { daemon, path } = await listening("ipckit", { haft: documented });
  await using _ = daemon;
  using client = new JsonClient(path, "length");
  const request = (method: string, params: unknown) => ({ msg_type: "request", payload: { method, params } });
  client.send(request("events.subscribe", { types: ["user.*"] }));
  const { msg_type: kind, payload } = await client.recv();
  assertEquals([kind, typeof payload.result.subscription_id], ["response", "string"]);
  await daemon.call("events.publish", { type: "user.saved", data: 1, subject: "a" });
  const delivered = await client.recv();
  assertEquals(delivered.msg_type, "event");
  const { event, data, subject } = delivered.payload;
  assertEquals({ event, data, subject }, { event: "user.saved", data: 1, subject: "a" });
  client.send(request("ping", {}));
  assertEquals((await client.recv()).msg_type, "response");
});
