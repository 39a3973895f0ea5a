/**
 * The connecting side of a session with a host: a channel like any other, whose messages go over the fleet's
 * server, each signed. A client of the daemon cannot tell it from the local socket.
 */
import { randomBytes } from "node:crypto";
import { clearInterval, setInterval } from "node:timers";
import { errorMessage } from "../base/errors.ts";
import type { Message } from "../protocol/envelope.ts";
import { BaseChannel } from "../channel/base_channel.ts";
import {
  type ChannelError,
  Disconnected,
  ReceiveFailed,
  Serialization,
  ShuttingDown,
} from "../channel/errors.ts";
import { ACCEPTED } from "../channel/waiting_sends.ts";
import { headers, type Msg } from "@nats-io/transport-node";
import type { FleetConnection } from "./connect.ts";
import { decodeReply, encodeText, piecesOf, SIGNATURE_HEADER, signRequest } from "./signed_request.ts";
import { type FleetAddress, isMethodName, replySubject, requestSubject, UPKEEP } from "./subjects.ts";

const PING_MS = 5_000;
/** A host that answers no ping for so long is gone. */
const SILENT_MS = 15_000;
/** Bytes after which the host hears that they were taken. */
const TAKEN_BYTES = 256 * 1024;
/** What the headers of a message may take of the server's limit. */
const HEADER_BYTES = 4_096;
/** Bytes of a request in pieces; a host takes what its daemon does. */
const MOST_REQUEST = 16 * 1024 * 1024;
const NO_RESPONDERS = 503;
const PING_ID = "fleet";

export class FleetChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #connection: FleetConnection;
  readonly #address: FleetAddress;
  readonly #reply: string;
  readonly #subscription: { unsubscribe(): void };
  readonly #timer: NodeJS.Timeout;
  readonly #begun = performance.now();
  #heardAt = performance.now();
  #challenge = "";
  #sent = 0;
  #received = 0;
  #untold = 0;
  #open = true;
  #resolveClosed: () => void = () => {};

  constructor(connection: FleetConnection, address: FleetAddress) {
    super({ name: `${address.host} of fleet ${address.fleet}`, kind: "fleet", onTaken: () => {} });
    this.#connection = connection;
    this.#address = address;
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    const { nats, credentials: { key } } = connection;
    this.#reply = replySubject(address, key.publicKey, randomBytes(16).toString("hex"));
    this.#subscription = nats.subscribe(this.#reply, {
      callback: (error, message) =>
        error === null ? this.#receive(message) : this.#finish(this.#gone(error.message)),
    });
    this.#timer = setInterval(() => this.#keepAlive(), PING_MS);
    this.#timer.unref();
    void this.#watch();
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    // Otherwise the host would wait for half a minute.
    if (this.#sent > 0) await this.transmit({ type: "data", data: { bye: true } }).catch(() => {});
    await this.#connection.nats.flush().catch(() => {});
    this.#finish(new Disconnected(`Channel "${this.name}" was closed by this side`));
  }

  protected override transmit(message: Message): Promise<void> {
    if (!this.#open) return Promise.reject(new ShuttingDown(`Channel "${this.name}" is closed`));
    const method = message.type === "request" ? message.method ?? "" : UPKEEP;
    if (method !== UPKEEP && !isMethodName(method)) {
      return Promise.reject(new Serialization(`"${method}" is no name of a method`));
    }
    const { nats } = this.#connection;
    // The client library takes what it cannot send, and loses it.
    if (nats.isClosed()) return Promise.reject(this.#gone("The connection to the server is closed"));
    const at = performance.now() - this.#begun;
    const text = encodeText({ n: this.#sent, at, message });
    const most = (nats.info?.max_payload ?? 0) - HEADER_BYTES;
    if (text.length <= most) this.#publish(method, text);
    else if (this.#challenge === "" || text.length > MOST_REQUEST) {
      return Promise.reject(
        new Serialization(`The request has ${text.length} bytes, and a host takes ${MOST_REQUEST}`),
      );
    } else {
      const pieces = piecesOf(JSON.stringify(message), most);
      for (const [index, part] of pieces.entries()) {
        const last = index === pieces.length - 1;
        this.#publish(method, encodeText({ n: this.#sent, at, part, last }));
      }
    }
    return ACCEPTED;
  }

  #publish(method: string, text: Uint8Array): void {
    const { nats, credentials: { key } } = this.#connection;
    const subject = requestSubject(this.#address, key.publicKey, method);
    const signature = signRequest(key, { subject, challenge: this.#challenge, text });
    const header = headers();
    header.set(SIGNATURE_HEADER, signature);
    nats.publish(subject, text, { headers: header, reply: this.#reply });
    this.#sent++;
    this.figures.bytesSent += text.length;
  }

  #receive({ subject, data, headers }: Msg): void {
    // The server delivers what others stored in a stream to any place that they name, under its own subject.
    if (!this.#open || subject !== this.#reply) return;
    if (headers?.code === NO_RESPONDERS) {
      return this.#finish(
        new Disconnected(
          `Host "${this.#address.host}" does not answer: no such host is connected to the fleet`,
          { next: WHO_IS_THERE },
        ),
      );
    }
    const reply = decodeReply(data);
    if (reply === undefined) {
      return this.#finish(new ReceiveFailed(`Host "${this.#address.host}" sent no message`));
    }
    if (reply.s > 0 && reply.s !== this.#received + 1) {
      return this.#finish(
        new ReceiveFailed(`Messages of host "${this.#address.host}" were lost on their way`),
      );
    }
    this.#heardAt = performance.now();
    this.#received = Math.max(this.#received, reply.s);
    if (reply.challenge !== undefined && this.#challenge === "") this.#challenge = reply.challenge;
    this.figures.bytesReceived += data.length;
    this.#tellTaken(data.length);
    const { message, closed } = reply;
    if (closed !== undefined) return this.#finish(this.#gone(closed));
    if (message === undefined || (message.type === "pong" && message.id === PING_ID)) return;
    try {
      this.deliver(message, data.length);
    } catch (error) {
      return this.#finish(
        new ReceiveFailed(`Host "${this.#address.host}" broke the protocol: ${errorMessage(error)}`),
      );
    }
    // It is about the session itself, which is over.
    if (reply.s === 0) this.#finish(this.#gone("It refused the session"));
  }

  /** Without this, the host would hold back its messages. */
  #tellTaken(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < TAKEN_BYTES || this.#challenge === "") return;
    const taken = this.#untold;
    this.#untold = 0;
    void this.transmit({ type: "data", data: { taken } }).catch(() => {});
  }

  #keepAlive(): void {
    if (performance.now() - this.#heardAt > SILENT_MS) {
      return this.#finish(this.#gone(`It was silent for ${SILENT_MS / 1000} s`));
    }
    if (this.#challenge !== "") void this.transmit({ type: "ping", id: PING_ID }).catch(() => {});
  }

  async #watch(): Promise<void> {
    const { nats } = this.#connection;
    void nats.closed().then(() => this.#finish(this.#gone("The connection to the server is lost")));
    for await (const status of nats.status()) {
      if (!this.#open) return;
      if (status.type === "disconnect") this.#finish(this.#gone("The connection to the server is lost"));
      if (status.type === "error" && status.error.message.includes(`.${this.#address.host}.req.`)) {
        this.#finish(this.#gone("The server does not let this key ask it"));
      }
    }
  }

  #finish(reason: ChannelError): void {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#timer);
    if (!this.#connection.nats.isClosed()) this.#subscription.unsubscribe();
    this.end(reason);
    this.#resolveClosed();
  }

  #gone(why: string): Disconnected {
    return new Disconnected(`The session with host "${this.#address.host}" ended: ${why}`, {
      next: WHO_IS_THERE,
    });
  }
}

const WHO_IS_THERE = 'Run "haft fleet ls" for those that are there';
