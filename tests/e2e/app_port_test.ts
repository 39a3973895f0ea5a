/** A port that another process holds, and what health checks make of it. */
import { assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

Deno.test({
  name: "a check that a foreign process answers fails, and says which process has the port",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const server = createServer((_, response) => response.end("not the app"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      for (const check of [`tcp = ${port}`, `http = "http://localhost:${port}/"`]) {
        await using daemon = await project(
          `[apps.web]\ncommand = "sleep 600"\nhealth = { ${check}, interval = "50ms", retries = 2 }\n`,
        );
        const { code, stderr } = await daemon.run("app", "up", "-d");
        assertEquals(code, 1, stderr);
        assertMatch(
          stderr,
          new RegExp(`web: It is unhealthy: port ${port} is in use by process ${Deno.pid} \\(\\w+\\)`),
        );
      }
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
});

Deno.test({
  name: "an app that listens itself, or by a process that left its group, is healthy",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const script =
      `Deno.serve({ port: Number(Deno.args[0]), hostname: "127.0.0.1" }, () => new Response("me"))`;
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    for (const start of ["exec", "setsid"]) {
      const code = `${start} ${Deno.execPath()} run -A serve.ts ${port} & wait`;
      const command = start === "exec" ? code.replace(" & wait", "") : code;
      await using daemon = await project(
        `[apps.web]\ncommand = ["sh", "-c", ${
          JSON.stringify(command)
        }]\nhealth = { tcp = ${port}, interval = "50ms", retries = 600 }\n`,
      );
      await Deno.writeTextFile(`${daemon.sandbox.project}/serve.ts`, script);
      const { code: exit, stdout, stderr } = await daemon.run("app", "up", "-d");
      assertEquals([exit, stdout], [0, "web: healthy\n"], stderr);
    }
  },
});
