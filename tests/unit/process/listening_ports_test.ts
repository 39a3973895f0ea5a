import { assertEquals } from "@std/assert";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { hostProcessTable } from "../../../src/process/host_process_table.ts";
import { listeningPorts } from "../../../src/process/listening_ports.ts";
import type { ProcessInfo, ProcessTable } from "../../../src/process/process_table.ts";

/** This process as a leader of its own group, whatever group the tests run in. */
function leading(): { table: ProcessTable; leader: { pid: number; startTime: string; bootId: string } } {
  const host = hostProcessTable();
  const own = host.find(process.pid);
  if (own === undefined) throw new Error("This process is not in the table");
  const info: ProcessInfo = { ...own, group: own.pid, session: own.pid };
  return {
    table: { ...host, all: () => [info], near: () => [info] },
    leader: { pid: own.pid, startTime: own.startTime, bootId: host.bootId() },
  };
}

Deno.test({
  name: "listeningPorts() has the ports of IPv4 and IPv6 that a leader's processes listen on",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { table, leader } = leading();
    const before = listeningPorts(table, [leader])?.get(leader) ?? [];
    const servers = ["127.0.0.1", "::1"].map((host) => createServer().listen(0, host));
    await Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve))));
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    assertEquals(
      listeningPorts(table, [leader])?.get(leader),
      [...before, ...ports].sort((one, other) => one - other),
    );
    for (const server of servers) server.close();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.once("close", resolve))));
    assertEquals(listeningPorts(table, [leader])?.get(leader), before);
  },
});

Deno.test("listeningPorts() has none for a leader whose pid is another process's by now", () => {
  const { table, leader } = leading();
  const found = listeningPorts(table, [{ ...leader, startTime: "another" }]);
  assertEquals([...found?.values() ?? []].flat(), []);
});
