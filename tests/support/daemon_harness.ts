import { Buffer } from "node:buffer";
import type { ConnectionLimits } from "../../src/daemon/connection_limits.ts";
import { connectionHandlers } from "../../src/daemon/handlers/connection_handlers.ts";
import { type Call, MethodTable } from "../../src/daemon/method_table.ts";
import { Server } from "../../src/daemon/server.ts";
import { Hub } from "../../src/hub/hub.ts";
import * as v from "valibot";
import { defineMethod } from "../../src/protocol/methods/define.ts";
import { METHODS } from "../../src/protocol/methods/mod.ts";
import type { SocketHandler } from "../../src/socket/mod.ts";
import { FakeSocket } from "./fake_socket.ts";

/** A client of the server under test: sends lines, reads what the server wrote. */
export class FakeClient {
  readonly socket = new FakeSocket();
  readonly handler: SocketHandler;

  constructor(server: Server) {
    this.handler = server.accept(this.socket);
    this.socket.handler = this.handler;
  }

  /** Sends the messages as one chunk and gives what was answered. */
  async ask(...messages: unknown[]): Promise<Record<string, unknown>[]> {
    this.send(...messages);
    await settle();
    return this.socket.take();
  }

  send(...messages: unknown[]): void {
    this.sendText(messages.map((message) => JSON.stringify(message) + "\n").join(""));
  }

  sendText(text: string): void {
    this.handler.data(Buffer.from(text));
  }
}

/** Lets promises and microtasks that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Lets one turn of the event loop pass. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await settle();
}

/** Lets events that were published be written. */
export async function written(): Promise<void> {
  await settle();
  await turn();
}

export function request(method: string, data?: unknown, id = "1"): Record<string, unknown> {
  return { type: "request", id, method, ...(data === undefined ? {} : { data }) };
}

const LONG = defineMethod({
  summary: "Takes as long as it likes",
  params: v.strictObject({}),
  result: v.object({ done: v.boolean() }),
  long: true,
});

const WAITING = defineMethod({
  summary: "Waits for others",
  params: v.strictObject({}),
  result: v.object({}),
  long: true,
  waits: true,
});

export interface Harness extends AsyncDisposable {
  hub: Hub;
  server: Server;
  errors: { method: string; error: unknown }[];
  connect(): FakeClient;
}

/**
 * A server with the connection methods, and with `daemon.ping`, `log.tail`, `test.long` and `test.wait`
 * played by the test: methods that answer at once, that take time, that may take long, and that wait for
 * others.
 */
export function daemonHarness(
  options: {
    limits?: Partial<ConnectionLimits>;
    ping?: (call: Call) => unknown;
    /** Of `log.tail`. */
    lines?: string[];
    snapshot?: Record<string, unknown>;
    wait?: (call: Call) => Promise<unknown>;
  } = {},
): Harness {
  const hub = new Hub();
  const methods = new MethodTable({ ...METHODS, "test.long": LONG, "test.wait": WAITING });
  const errors: Harness["errors"] = [];
  const server = new Server({
    hub,
    methods,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onInternalError: (method, error) => errors.push({ method, error }),
  });
  methods.register(connectionHandlers({
    hub,
    clients: () => server.connections,
    version: "1.2.3",
    build: "test",
    home: { store: "/home/store", state: "/home/state", config: "/home/config" },
    capabilities: ["events"],
    snapshot: () => options.snapshot ?? { state: hub.seq },
  }));
  methods.register({
    "daemon.ping": (_, call) => {
      options.ping?.(call);
      return { uptime_secs: 1, cached_runtimes: 0 };
    },
    "log.tail": async (_, call) => {
      await options.wait?.(call);
      return { path: "log", lines: options.lines ?? [] };
    },
    "test.long": async (_, call) => {
      await options.wait?.(call);
      return { done: true };
    },
    "test.wait": () => new Promise(() => {}),
  });
  return {
    hub,
    server,
    errors,
    connect: () => new FakeClient(server),
    [Symbol.asyncDispose]: () => server.stop({ graceMs: 0 }),
  };
}
