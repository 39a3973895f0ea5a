/** What a host does with messages that are not what they seem. The daemon behind it is a real one. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { AnswerAssembler } from "../../../src/channel/answer_assembler.ts";
import { createUserKey, type UserKey } from "../../../src/fleet/nkey.ts";
import { OwnDaemon, type OwnDaemonOptions } from "../../../src/fleet/own_daemon.ts";
import { RequestServer, type RequestServerOptions } from "../../../src/fleet/request_server.ts";
import { decodeReply, encodeText, type Reply, signRequest } from "../../../src/fleet/signed_request.ts";
import { replySubject, requestSubject } from "../../../src/fleet/subjects.ts";
import { PARTS, PROTOCOL_RANGE } from "../../../src/protocol/protocol_range.ts";
import type { Socket } from "../../../src/socket/mod.ts";
import type { FleetGrant } from "../../../src/tools/manifest/fleet_settings.ts";
import { daemonHarness } from "../../support/daemon_harness.ts";

const address = { fleet: "lab", host: "web1" };
const SESSION = "0123456789abcdef0123456789abcdef";
const GRANT: FleetGrant = { methods: ["events.*"], projects: ["/srv/web"], commands: false };

/** A host that allows something to one sender, and all that it sent. */
function hostUnderTest(
  { grant = GRANT, snapshot }: { grant?: FleetGrant; snapshot?: Record<string, unknown> } = {},
) {
  const alice = createUserKey();
  const daemon = daemonHarness(snapshot === undefined ? {} : { snapshot });
  const sent: { subject: string; reply: Reply }[] = [];
  const log: string[] = [];
  const nats = {
    info: { max_payload: 64 * 1024 },
    isClosed: () => false,
    publish(subject: string, bytes: Uint8Array) {
      const reply = decodeReply(bytes);
      assert(reply !== undefined);
      sent.push({ subject, reply });
    },
  } as unknown as RequestServerOptions["nats"];
  const door = {
    accept: (socket: Socket) => daemon.server.accept(socket),
    maxFrameBytes: () => 1024 * 1024,
    checkApps: () => {},
    user: { env: {}, home: "/", paths: {} as OwnDaemonOptions["door"]["user"]["paths"] },
  };
  const own = new OwnDaemon({ door, host: address.host, version: "1.0.0", log: (line) => log.push(line) });
  const server = new RequestServer({
    nats,
    address,
    allow: { [alice.publicKey]: grant },
    door,
    facts: own.facts,
    log: (line) => log.push(line),
  });
  const settled = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return sent.splice(0);
  };
  return {
    alice,
    daemon,
    server,
    log,
    settled,
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      await own[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

interface Forged {
  n?: number;
  challenge?: string;
  method?: string;
  data?: unknown;
  /** Whose subject it is sent on; the signer's by default. */
  as?: UserKey;
  host?: string;
  signedFor?: string;
  session?: string;
  at?: number;
}

const HELLO = { client: "test", protocol: PROTOCOL_RANGE };

/** A message as the server would hand it over. */
function message(signer: UserKey, options: Forged = {}) {
  const { n = 0, challenge = "", method = "hello", data = HELLO, session = SESSION, at = 0 } = options;
  const sender = (options.as ?? signer).publicKey;
  const to = { ...address, host: options.host ?? address.host };
  const subject = requestSubject(to, sender, method);
  const text = encodeText({ n, at, message: { type: "request", id: `${n}`, method, data } });
  const signature = signRequest(signer, { subject: options.signedFor ?? subject, challenge, text });
  return { subject, text, signature, reply: replySubject(address, sender, session) };
}

/** Opens a session. @returns its challenge */
async function open(host: ReturnType<typeof hostUnderTest>, data: unknown = HELLO): Promise<string> {
  host.server.receive(message(host.alice, { data }));
  const [first] = await host.settled();
  assert(first?.reply.challenge !== undefined);
  return first.reply.challenge;
}

Deno.test("a signed request of a sender that is allowed is answered, to that sender alone", async () => {
  await using host = hostUnderTest();
  host.server.receive(message(host.alice));
  const [answer] = await host.settled();
  assertEquals(answer?.subject, replySubject(address, host.alice.publicKey, SESSION));
  assertEquals(answer?.reply.message?.type, "response");
  assertEquals(answer?.reply.message?.error, undefined);
});

const refusals: [what: string, forge: (alice: UserKey) => ReturnType<typeof message>][] = [
  ["a sender that is not allowed", () => message(createUserKey())],
  ["a sender that signs for another", (alice) => message(createUserKey(), { as: alice })],
  [
    "a signature for another host",
    (alice) =>
      message(alice, { signedFor: requestSubject({ ...address, host: "web2" }, alice.publicKey, "hello") }),
  ],
  [
    "a signature for another method",
    (alice) => message(alice, { signedFor: requestSubject(address, alice.publicKey, "daemon.ping") }),
  ],
  ["a text that was changed", (alice) => {
    const signed = message(alice);
    return { ...signed, text: message(alice, { data: { ...HELLO, client: "other" } }).text };
  }],
  ["no signature", (alice) => ({ ...message(alice), signature: "" })],
  ["a method that is not its subject's", (alice) => {
    const subject = requestSubject(address, alice.publicKey, "daemon.ping");
    const { text, reply } = message(alice);
    return { subject, text, reply, signature: signRequest(alice, { subject, challenge: "", text }) };
  }],
  [
    "a session that does not begin with hello",
    (alice) => message(alice, { method: "daemon.ping", data: {} }),
  ],
];

for (const [what, forge] of refusals) {
  Deno.test(`${what} is refused before the daemon hears of it`, async () => {
    await using host = hostUnderTest();
    host.server.receive(forge(host.alice));
    const answers = await host.settled();
    assertEquals(answers.map(({ reply }) => reply.message?.error !== undefined), [true]);
    assertEquals(host.daemon.server.traffic.accepted, 0);
    assertEquals(host.log.length, 1);
  });
}

Deno.test("an answer to another place than the sender's own is not given", async () => {
  await using host = hostUnderTest();
  const other = createUserKey().publicKey;
  for (
    const reply of [`haft.lab.web2.req.${other}.app.start`, replySubject(address, other, SESSION), undefined]
  ) {
    host.server.receive({ ...message(host.alice), reply });
  }
  assertEquals(await host.settled(), []);
  assertEquals(host.daemon.server.traffic.accepted, 0);
});

Deno.test("a request that is sent again, in its session, in another one or after it, is not carried out", async () => {
  await using host = hostUnderTest();
  const challenge = await open(host);
  const publish = message(host.alice, {
    n: 1,
    challenge,
    method: "events.subscribe",
    data: { types: ["user.*"] },
  });
  host.server.receive(publish);
  assertEquals((await host.settled())[0]?.reply.message?.error, undefined);
  host.server.receive(publish);
  assertStringIncludes((await host.settled())[0]?.reply.closed ?? "", "came again");
  // The whole session once more.
  host.server.receive(message(host.alice));
  host.server.receive(publish);
  const again = await host.settled();
  assertEquals(again.map(({ reply }) => reply.message?.error !== undefined), [true, true]);
  // In a session of another name, whose challenge is another.
  host.server.receive(message(host.alice, { session: SESSION.replace("0", "f") }));
  await host.settled();
  host.server.receive({
    ...publish,
    reply: replySubject(address, host.alice.publicKey, SESSION.replace("0", "f")),
  });
  assertStringIncludes((await host.settled())[0]?.reply.message?.error?.message ?? "", "not signed");
});

Deno.test("a request that was held back for over a minute is not carried out", async () => {
  await using host = hostUnderTest();
  const challenge = await open(host);
  host.server.receive(message(host.alice, { n: 1, challenge, method: "daemon.ping", data: {}, at: -61_000 }));
  assertEquals((await host.settled())[0]?.reply.message?.error?.name, "timed_out");
});

Deno.test("events of projects that are not granted do not leave the host", async () => {
  await using host = hostUnderTest();
  const challenge = await open(host);
  host.server.receive(
    message(host.alice, { n: 1, challenge, method: "events.subscribe", data: { types: [] } }),
  );
  await host.settled();
  for (const root of ["/srv/web", "/srv/other", "/srv/website"]) {
    host.daemon.hub.publish("app.log_line", { root });
  }
  host.daemon.hub.publish("user.secret", { token: "x" });
  const events = (await host.settled()).map(({ reply }) => reply.message?.data);
  assertEquals(events, [{ root: "/srv/web" }]);
});

/** A state of two projects; the second one's alone is larger than a frame. */
function stateOfTwo() {
  const apps = (root: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ root, name: `app${n}`, command: "x".repeat(100) }));
  return { mine: apps("/srv/web", 3_000), others: apps("/srv/other", 12_000) };
}

Deno.test("a large snapshot leaves in parts, without the state of projects that are not granted", async () => {
  const { mine, others } = stateOfTwo();
  await using host = hostUnderTest({ snapshot: { apps: [...others, ...mine] } });
  const challenge = await open(host, { ...HELLO, capabilities: [PARTS] });
  for (const n of [1, 2]) {
    const subscribe = message(host.alice, { n, challenge, method: "events.subscribe", data: {} });
    host.server.receive(subscribe);
    const assembler = new AnswerAssembler();
    for (let whole = false; !whole;) {
      for (const { reply } of await host.settled()) {
        const { type, id, parts } = reply.message ?? {};
        assert(
          id === `${n}` && (type === "part" || type === "response"),
          JSON.stringify(reply).slice(0, 200),
        );
        whole = type === "response";
        if (reply.message !== undefined && !whole) assembler.add(id, reply.message);
        if (whole) {
          const { snapshot } = assembler.finish(id, parts ?? 0) as { snapshot: unknown };
          assertEquals(snapshot, { apps: mine });
        }
      }
    }
  }
});

Deno.test("a snapshot that is larger than a frame is none for a sender that takes no parts", async () => {
  const { mine, others } = stateOfTwo();
  await using host = hostUnderTest({ snapshot: { apps: [...others, ...mine] } });
  const challenge = await open(host);
  host.server.receive(message(host.alice, { n: 1, challenge, method: "events.subscribe", data: {} }));
  const [answer] = await host.settled();
  assertStringIncludes(answer?.reply.message?.error?.message ?? "", "cannot be sent");
});

Deno.test("a sender has at most 32 sessions at a time", async () => {
  await using host = hostUnderTest();
  for (let index = 0; index < 33; index++) {
    host.server.receive(message(host.alice, { session: index.toString(16).padStart(32, "0") }));
  }
  const refused = (await host.settled()).filter(({ reply }) => reply.message?.error?.name === "too_many");
  assertEquals([host.server.sessions, refused.length], [32, 1]);
});
