/** What others ask of this host: each message is verified before anything else is done with it. */
import type { Message } from "../protocol/envelope.ts";
import { ERROR_CODES } from "../protocol/wire_error.ts";
import type { FleetGrant } from "../tools/manifest/fleet_settings.ts";
import type { AccessFacts } from "./access.ts";
import type { NatsConnection } from "./connect.ts";
import { HostSession } from "./host_session.ts";
import type { DaemonDoor } from "./own_daemon.ts";
import {
  decodeRequest,
  encodeText,
  isRequestOf,
  SIGNATURE_HEADER,
  type SignedRequest,
} from "./signed_request.ts";
import {
  type FleetAddress,
  replySession,
  replySubject,
  requestParts,
  requestsTo,
  UPKEEP,
} from "./subjects.ts";

export interface RequestServerOptions {
  nats: Pick<NatsConnection, "subscribe" | "publish" | "isClosed" | "info">;
  address: FleetAddress;
  allow: Readonly<Record<string, FleetGrant>>;
  door: Pick<DaemonDoor, "accept" | "maxFrameBytes">;
  /** What it looks up about requests. */
  facts: AccessFacts;
  log: (line: string) => void;
}

const MOST_SESSIONS = { sender: 32, all: 256 };
/** Names of sessions that have been; one of them that comes again is a replay. */
const REMEMBERED = 10_000;
/** Refusals that are logged, in a minute. */
const MOST_LOGGED = 20;
const CHECK_MS = 5_000;
/** What the headers of a message may take of the server's limit. */
const HEADER_BYTES = 4_096;

export class RequestServer implements Disposable {
  readonly #options: RequestServerOptions;
  readonly #sessions = new Map<string, HostSession>();
  readonly #seen = new Set<string>();
  readonly #timer: ReturnType<typeof setInterval>;
  #subscription: { unsubscribe(): void } | undefined;
  #logged = 0;

  constructor(options: RequestServerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  start(): void {
    const { nats, address } = this.#options;
    this.#subscription = nats.subscribe(requestsTo(address), {
      callback: (error, message) => {
        if (error !== null) return;
        const { subject, reply, data, headers } = message;
        this.receive({ subject, reply, text: data, signature: headers?.get(SIGNATURE_HEADER) ?? "" });
      },
    });
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** The connection to the server broke: what was on its way is lost, and its end tells senders so. */
  endAll(reason: string): void {
    for (const session of [...this.#sessions.values()]) session.end(reason);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#subscription?.unsubscribe();
    this.endAll("The host left the fleet");
  }

  /** Takes one message of the server's. */
  receive(
    { subject, reply, text, signature }: {
      subject: string;
      reply: string | undefined;
      text: Uint8Array;
      signature: string;
    },
  ): void {
    const { address, allow } = this.#options;
    const parts = requestParts(subject);
    const session = parts === undefined ? undefined : replySession(reply, address, parts.sender);
    if (parts === undefined || session === undefined) {
      return this.#log(`a message without a sender's place to answer`);
    }
    const { sender, method } = parts;
    const from = { sender, session };
    const grant = Object.hasOwn(allow, sender) ? allow[sender] : undefined;
    if (grant === undefined) {
      return this.#refuse(from, `Host "${address.host}" allows nothing to the key ${sender}`);
    }
    const open = this.#sessions.get(`${sender} ${session}`);
    const challenge = open?.challenge ?? "";
    if (!isRequestOf(sender, { subject, challenge, text, signature })) {
      return this.#refuse(from, "The request is not signed by its sender for this session");
    }
    const request = decodeRequest(text);
    if (request !== undefined && "part" in request) {
      return open === undefined
        ? this.#refuse(from, "The session is over")
        : open.receivePart(request, { method, methodOf });
    }
    if (request === undefined || methodOf(request.message) !== method) {
      return this.#refuse(from, "The request is not what its subject says");
    }
    if (open !== undefined) return open.receive(request);
    this.#open(from, grant, request);
  }

  #open(from: { sender: string; session: string }, grant: FleetGrant, request: SignedRequest): void {
    const { sender, session } = from;
    const id = `${sender} ${session}`;
    if (this.#seen.has(id) || request.message.method !== "hello" || request.n !== 0) {
      return this.#refuse(from, "The session is over");
    }
    const ofSender = [...this.#sessions.keys()].filter((key) => key.startsWith(`${sender} `)).length;
    if (ofSender >= MOST_SESSIONS.sender || this.#sessions.size >= MOST_SESSIONS.all) {
      return this.#refuse(from, `More than ${MOST_SESSIONS.sender} sessions of one sender`, "too_many");
    }
    this.#remember(id);
    const { nats, address, door, facts } = this.#options;
    const subject = replySubject(address, sender, session);
    const opened = new HostSession({
      name: `fleet: ${grant.name ?? sender.slice(0, 12)}`,
      grant,
      facts,
      accept: (socket) => door.accept(socket),
      maxFrameBytes: door.maxFrameBytes(),
      maxPayload: (nats.info?.max_payload ?? 0) - HEADER_BYTES,
      publish: (bytes) => {
        if (!nats.isClosed()) nats.publish(subject, bytes);
      },
      onClose: () => this.#sessions.delete(id),
    });
    this.#sessions.set(id, opened);
    opened.receive(request);
  }

  #remember(id: string): void {
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
  }

  #refuse(
    { sender, session }: { sender: string; session: string },
    why: string,
    name: "failed" | "too_many" = "failed",
  ): void {
    const { nats, address } = this.#options;
    this.#log(`${why} (${sender})`);
    const next = `There, its user can grant it: haft fleet allow ${sender} --name NAME --methods METHODS ` +
      "--projects DIR";
    const error = { code: ERROR_CODES[name], name, message: why, data: { reason: "not_allowed", next } };
    nats.publish(
      replySubject(address, sender, session),
      encodeText({ s: 0, message: { type: "response", error } }),
    );
  }

  /** A sender must not fill the log. */
  #log(line: string): void {
    this.#logged++;
    if (this.#logged <= MOST_LOGGED) this.#options.log(`fleet: refused: ${line}`);
  }

  #check(): void {
    this.#logged = Math.max(0, this.#logged - MOST_LOGGED * CHECK_MS / 60_000);
    const now = performance.now();
    for (const session of [...this.#sessions.values()]) session.checkTimes(now);
  }
}

function methodOf(message: Message): string {
  return message.type === "request" ? message.method ?? "" : UPKEEP;
}
