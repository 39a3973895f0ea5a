import { assertEquals, assertMatch } from "@std/assert";
import { createConnection } from "node:net";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary } from "./support.ts";

/** A client as vx's own: one JSON text a line each way. */
class VxClient {
  readonly #socket;
  readonly #lines: string[] = [];
  #rest = "";
  #wake: () => void = () => {};

  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake();
    });
    this.#socket.on("close", () => {
      this.#lines.push('"closed"');
      this.#wake();
    });
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  async read(): Promise<unknown> {
    while (this.#lines.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return JSON.parse(this.#lines.shift() ?? "");
  }

  async ask(request: unknown): Promise<unknown> {
    this.write(`${JSON.stringify(request)}\n`);
    return await this.read();
  }

  close(): void {
    this.#socket.destroy();
  }
}

Deno.test("a vx client resolves, lists, subscribes and stops the daemon at an endpoint of its own", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const path = join(daemon.sandbox.root, "run", "haft", "vx.sock");
  const { stderr, code } = await daemon.run("daemon", "start", "--listen", `vx=${path}`);
  assertEquals({ stderr, code }, { stderr: "", code: 0 });
  await daemon.run("install", "esbuild@1.0.0");
  const client = new VxClient(path);
  assertMatch(
    JSON.stringify(await client.ask("Ping")),
    /^\{"Pong":\{"uptime_secs":\d+,"cached_runtimes":0\}\}$/,
  );
  const resolved = await client.ask({ Resolve: { runtime: "esbuild", version: "1.0.0" } }) as {
    Resolved: { executable: string; version: string; env: Record<string, string> };
  };
  assertEquals(resolved.Resolved.version, "1.0.0");
  assertMatch(resolved.Resolved.executable, /store\/esbuild\/1\.0\.0\/.*esbuild$/);
  assertMatch(resolved.Resolved.env["PATH"] ?? "", /^\/.*store\/esbuild\/1\.0\.0/);
  assertEquals(await client.ask({ GetEnvironment: { runtime: "esbuild", version: "1.0.0" } }), {
    Environment: { env: resolved.Resolved.env },
  });
  assertEquals(await client.ask({ ListVersions: { runtime: "esbuild" } }), {
    Versions: { versions: ["1.0.0"] },
  });
  assertMatch(
    JSON.stringify(await client.ask({ Subscribe: { event_types: ["RuntimeInstalled", "RuntimeRemoved"] } })),
    /^\{"Subscribed":\{"subscription_id":"[^"]+"\}\}$/,
  );
  await daemon.run("install", "esbuild@1.2.0");
  assertEquals(await client.read(), { RuntimeInstalled: { runtime: "esbuild", version: "1.2.0" } });
  await daemon.run("uninstall", "esbuild@1.2.0");
  assertEquals(await client.read(), { RuntimeRemoved: { runtime: "esbuild", version: "1.2.0" } });
  client.write('"Shutdown"\n');
  assertEquals(await client.read(), "closed");
  assertEquals((await daemon.run("daemon", "status")).code, 3);
});

Deno.test("what vx does not say is answered with its Error, in order, and the connection lives", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const path = join(daemon.sandbox.root, "run", "haft", "vx.sock");
  await daemon.run("daemon", "start", "--listen", `vx=${path}`);
  const client = new VxClient(path);
  client.write(
    [
      '{"Resolve":{"runtime":"node","version":null}}',
      '{"Explode":{}}',
      "not json",
      '{"Subscribe":{"event_types":["Nothing"]}}',
      '{"Ping":null}',
      "",
    ].join("\n"),
  );
  const answers = [];
  for (let count = 0; count < 5; count++) answers.push(JSON.stringify(await client.read()).slice(0, 40));
  assertEquals(answers.map((text) => text.slice(2, 7)), ["Error", "Error", "Error", "Error", 'Pong"']);
  client.close();
});
