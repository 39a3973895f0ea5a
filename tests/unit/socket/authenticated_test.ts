/** The handshake of pipes, between real sockets: unix ones here, since `node:net` treats both alike. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket as NetSocket } from "node:net";
import { join } from "node:path";
import { authenticated, NotAuthenticated } from "../../../src/socket/authenticated.ts";
import { NodeSocket } from "../../../src/runtime/node_socket.ts";
import {
  CHALLENGE_BYTES,
  GREETING_BYTES,
  PREAMBLE,
  proof,
  REPLY_BYTES,
  TOKEN_BYTES,
} from "../../../src/socket/pipe_handshake.ts";
import { proveBoth, readExactly } from "../../support/raw_peer.ts";
import { until } from "../../support/until.ts";

const TOKEN = randomBytes(TOKEN_BYTES);

interface Served {
  path: string;
  /** One entry for each connection that was attached: what it received. */
  attached: Buffer[];
  /** How each connection's handshake went. */
  outcomes: Promise<string>[];
}

/** A server that echoes to whoever has proved itself. */
async function serving(fn: (served: Served) => Promise<void>, timeoutMs?: number): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  const served: Served = { path: join(directory, "s"), attached: [], outcomes: [] };
  const server = createServer((socket) => {
    new NodeSocket(socket, (socket) => {
      const handshake = authenticated(socket, () => TOKEN, {
        side: "server",
        path: served.path,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        attach: (socket) => {
          const index = served.attached.push(Buffer.alloc(0)) - 1;
          return {
            data(chunk) {
              served.attached[index] = Buffer.concat([served.attached[index] ?? Buffer.alloc(0), chunk]);
              socket.write(Buffer.from(chunk));
            },
            drain() {},
            close() {},
          };
        },
      });
      served.outcomes.push(handshake.settled.then(() => "attached", ({ message }) => message));
      return handshake;
    });
  });
  await new Promise<void>((resolve) => server.listen(served.path, resolve));
  try {
    await fn(served);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(directory, { recursive: true });
  }
}

async function peer(path: string, fn: (socket: NetSocket) => Promise<void>): Promise<void> {
  const socket = connect(path).on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  try {
    await fn(socket);
  } finally {
    socket.destroy();
    await closed;
  }
}

/** All that the server sends until it closes. */
function untilClosed(socket: NetSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
  return new Promise((resolve) => socket.on("close", () => resolve(Buffer.concat(chunks))));
}

/**
 * A client of ours against a server that answers its greeting with what `reply` gives; resolves when it was
 * attached.
 */
async function clientOf(reply: (greeting: Buffer) => Buffer | undefined, timeoutMs?: number): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "haft-t-" });
  const path = join(directory, "s");
  const server = createServer((socket) => {
    socket.on("error", () => {});
    void readExactly(socket, GREETING_BYTES).then((greeting) => {
      const answer = reply(greeting);
      if (answer !== undefined) socket.write(answer);
      socket.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const socket = connect(path);
  try {
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    let settled = Promise.resolve();
    new NodeSocket(socket, (socket) => {
      const handshake = authenticated(socket, () => TOKEN, {
        side: "client",
        path,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        attach: () => ({ data() {}, drain() {}, close() {} }),
      });
      settled = handshake.settled;
      return handshake;
    });
    await settled;
  } finally {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(directory, { recursive: true });
  }
}

function replyTo(greeting: Buffer, token: Uint8Array): Buffer {
  const server = randomBytes(CHALLENGE_BYTES);
  const client = greeting.subarray(PREAMBLE.length);
  return Buffer.concat([server, proof(token, "server", { client, server })]);
}

Deno.test("authenticated() attaches whoever proves that it knows the token, and passes on what follows", () =>
  serving(async ({ path, attached, outcomes }) => {
    await peer(path, async (socket) => {
      await proveBoth(socket, TOKEN);
      socket.write("frame");
      assertEquals((await readExactly(socket, 5)).toString(), "frame");
    });
    assertEquals(await outcomes[0], "attached");
    assertEquals(attached.map(String), ["frame"]);
  }));

Deno.test("authenticated() takes a handshake that comes byte by byte, and frames that come with its end", () =>
  serving(async ({ path }) => {
    await peer(path, async (socket) => {
      const client = randomBytes(CHALLENGE_BYTES);
      for (const byte of Buffer.concat([PREAMBLE, client])) {
        await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
      }
      const reply = await readExactly(socket, REPLY_BYTES);
      const server = reply.subarray(0, CHALLENGE_BYTES);
      assertEquals(reply.subarray(CHALLENGE_BYTES), proof(TOKEN, "server", { client, server }));
      socket.write(Buffer.concat([proof(TOKEN, "client", { client, server }), Buffer.from("at once")]));
      assertEquals((await readExactly(socket, 7)).toString(), "at once");
    });
  }));

Deno.test("authenticated() drops a client with another token, and nothing of its frames reaches anybody", () =>
  serving(async ({ path, attached, outcomes }) => {
    await peer(path, async (socket) => {
      await proveBoth(socket, randomBytes(TOKEN_BYTES));
      socket.write("frame");
      assertEquals((await untilClosed(socket)).length, 0);
    });
    assert((await outcomes[0])?.includes("does not know the pipe's token"));
    assertEquals(attached.length, 0);
  }));

Deno.test("authenticated() drops a client that sends what another one sent, because the challenge is a new one", () =>
  serving(async ({ path, attached, outcomes }) => {
    const client = randomBytes(CHALLENGE_BYTES);
    let recorded: Buffer = Buffer.alloc(0);
    await peer(path, async (socket) => {
      socket.write(Buffer.concat([PREAMBLE, client]));
      const server = (await readExactly(socket, REPLY_BYTES)).subarray(0, CHALLENGE_BYTES);
      recorded = proof(TOKEN, "client", { client, server });
      socket.write(recorded);
      socket.write("x");
      await readExactly(socket, 1);
    });
    await peer(path, async (socket) => {
      socket.write(Buffer.concat([PREAMBLE, client]));
      await readExactly(socket, REPLY_BYTES);
      socket.write(recorded);
      await untilClosed(socket);
    });
    assertEquals(await outcomes[0], "attached");
    assert((await outcomes[1])?.includes("does not know the pipe's token"));
    assertEquals(attached.length, 1);
  }));

Deno.test("authenticated() drops a client that sends the server's own proof back", () =>
  serving(async ({ path, attached, outcomes }) => {
    await peer(path, async (socket) => {
      socket.write(Buffer.concat([PREAMBLE, randomBytes(CHALLENGE_BYTES)]));
      const reply = await readExactly(socket, REPLY_BYTES);
      socket.write(reply.subarray(CHALLENGE_BYTES));
      await untilClosed(socket);
    });
    assert((await outcomes[0])?.includes("does not know the pipe's token"));
    assertEquals(attached.length, 0);
  }));

Deno.test("authenticated() says nothing to a peer that does not greet, and drops it", () =>
  serving(async ({ path, attached }) => {
    await peer(path, async (socket) => {
      socket.write('{"type":"request","id":"1","method":"daemon.ping"}\n{"type":"ping"}\n');
      assertEquals((await untilClosed(socket)).length, 0);
    });
    assertEquals(attached.length, 0);
  }));

Deno.test("authenticated() forgets a peer that closes half-way", () =>
  serving(async ({ path, attached, outcomes }) => {
    for (const half of [PREAMBLE, Buffer.concat([PREAMBLE, randomBytes(CHALLENGE_BYTES)])]) {
      await peer(path, async (socket) => {
        await new Promise((resolve) => socket.write(half, resolve));
      });
    }
    await until(() => outcomes, "there are two outcomes", { passes: ({ length }) => length >= 2 });
    for (const outcome of outcomes) assertNotEquals(await outcome, "attached");
    assertEquals(attached.length, 0);
  }));

Deno.test("authenticated() drops a peer that is silent before or in the middle of the handshake", () =>
  serving(async ({ path, attached, outcomes }) => {
    await peer(path, async (socket) => void await untilClosed(socket));
    await peer(path, async (socket) => {
      socket.write(Buffer.concat([PREAMBLE, randomBytes(CHALLENGE_BYTES)]));
      await untilClosed(socket);
    });
    for (const outcome of outcomes) assert((await outcome).includes("did not prove itself in time"));
    assertEquals(attached.length, 0);
  }, 20));

Deno.test("authenticated() as a client is attached when the server has proved itself", async () => {
  await clientOf((greeting) => replyTo(greeting, TOKEN));
});

const impostors: [what: string, reply: (greeting: Buffer) => Buffer | undefined, reason: string][] = [
  ["has another token", (greeting) => replyTo(greeting, randomBytes(TOKEN_BYTES)), "does not know"],
  [
    "sends what was sent to another client",
    () => replyTo(Buffer.concat([PREAMBLE, randomBytes(CHALLENGE_BYTES)]), TOKEN),
    "does not know",
  ],
  [
    "sends zeros",
    () => Buffer.alloc(REPLY_BYTES),
    "does not know",
  ],
  ["is silent", () => undefined, "in time"],
  ["stops half-way", (greeting) => replyTo(greeting, TOKEN).subarray(0, REPLY_BYTES - 1), "in time"],
];

for (const [what, reply, reason] of impostors) {
  Deno.test(`authenticated() as a client refuses a server that ${what}`, async () => {
    await assertRejects(() => clientOf(reply, reason === "in time" ? 20 : 2_000), NotAuthenticated, reason);
  });
}
