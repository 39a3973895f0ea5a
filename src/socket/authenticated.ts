import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { clearTimeout, setTimeout } from "node:timers";
import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import type { Socket, SocketHandler } from "../runtime/types.ts";
import { LIMITS } from "./limits.ts";
import {
  CHALLENGE_BYTES,
  type Challenges,
  GREETING_BYTES,
  isProof,
  PREAMBLE,
  proof,
  PROOF_BYTES,
  REPLY_BYTES,
  type Side,
} from "./pipe_handshake.ts";

export interface AuthenticatedOptions {
  side: Side;
  /** For error texts. */
  path: string;
  /** Called when both sides have proved themselves; until then nothing of the connection reaches anybody. */
  attach: (socket: Socket) => SocketHandler;
  /** Milliseconds for all of the handshake; 2 s by default. */
  timeoutMs?: number;
}

/** The peer does not know the token, or does not say so in time. */
export class NotAuthenticated extends HaftError {
  override readonly name = "NotAuthenticated";
}

/**
 * Puts the handshake of pipe_handshake.ts before a connection's own handler. Hand what it gives to the socket
 * as its handler; `settled` resolves when the connection's own is attached, and rejects when it never will
 * be.
 *
 * @param token read when it is needed: by the time a server has answered, its token is there
 */
export function authenticated(
  socket: Socket,
  token: () => Uint8Array,
  options: AuthenticatedOptions,
): SocketHandler & { readonly settled: Promise<void> } {
  return new Handshake(socket, token, options);
}

class Handshake implements SocketHandler {
  readonly settled: Promise<void>;
  readonly #socket: Socket;
  readonly #token: () => Uint8Array;
  readonly #options: AuthenticatedOptions;
  readonly #challenge: Buffer = randomBytes(CHALLENGE_BYTES);
  readonly #timer: NodeJS.Timeout;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  #inner: SocketHandler | undefined;
  #received: Buffer = Buffer.alloc(0);
  /** What the server waits for in the client's proof. */
  #challenges: Challenges | undefined;
  #proved = false;
  /** The last write has still to drain. */
  #writing = false;
  #closed = false;

  constructor(socket: Socket, token: () => Uint8Array, options: AuthenticatedOptions) {
    this.#socket = socket;
    this.#token = token;
    this.#options = options;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A server has no caller to report to.
    this.settled.catch(() => {});
    this.#timer = setTimeout(
      () => this.#fail(this.#refusal("did not prove itself in time")),
      options.timeoutMs ?? LIMITS.firstFrameTimeout,
    );
    if (options.side === "client") this.#write(PREAMBLE, this.#challenge);
  }

  data(chunk: Buffer): void {
    if (this.#inner !== undefined) return this.#inner.data(chunk);
    if (this.#closed) return;
    // It grows only while a write is held up, by a peer that sends all the same.
    if (this.#received.length + chunk.length > LIMITS.frame) {
      return this.#fail(this.#refusal("sends too much"));
    }
    this.#received = Buffer.concat([this.#received, chunk]);
    this.#advance();
  }

  drain(): void {
    if (this.#inner !== undefined) return this.#inner.drain();
    this.#writing = false;
    this.#advance();
  }

  close(error: Error | undefined): void {
    clearTimeout(this.#timer);
    this.#closed = true;
    if (this.#inner !== undefined) return this.#inner.close(error);
    const reason = error ?? new Error(`"${this.#options.path}" was closed before it could be used`);
    this.#reject(Object.assign(reason, { code: "ECONNRESET" }));
  }

  #advance(): void {
    try {
      while (!this.#closed && !this.#writing && this.#inner === undefined) {
        if (this.#proved) this.#attach();
        else if (!this.#step()) return;
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @returns false when the peer has to say more first */
  #step(): boolean {
    if (this.#options.side === "client") return this.#checkReply();
    return this.#challenges === undefined ? this.#answerGreeting() : this.#checkProof(this.#challenges);
  }

  #answerGreeting(): boolean {
    const greeting = this.#take(GREETING_BYTES);
    if (greeting === undefined) return false;
    if (!greeting.subarray(0, PREAMBLE.length).equals(PREAMBLE)) {
      throw this.#refusal("does not speak the handshake");
    }
    const challenges = { client: greeting.subarray(PREAMBLE.length), server: this.#challenge };
    this.#challenges = challenges;
    this.#write(this.#challenge, proof(this.#token(), "server", challenges));
    return true;
  }

  #checkProof(challenges: Challenges): boolean {
    const claimed = this.#take(PROOF_BYTES);
    if (claimed === undefined) return false;
    this.#check("client", challenges, claimed);
    return true;
  }

  #checkReply(): boolean {
    const reply = this.#take(REPLY_BYTES);
    if (reply === undefined) return false;
    const challenges = { client: this.#challenge, server: reply.subarray(0, CHALLENGE_BYTES) };
    this.#check("server", challenges, reply.subarray(CHALLENGE_BYTES));
    this.#write(proof(this.#token(), "client", challenges));
    return true;
  }

  #check(side: Side, challenges: Challenges, claimed: Uint8Array): void {
    this.#proved = isProof(claimed, this.#token(), { side, challenges });
    if (!this.#proved) throw this.#refusal("does not know the pipe's token");
  }

  #take(count: number): Buffer | undefined {
    if (this.#received.length < count) return undefined;
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return taken;
  }

  #write(...parts: Uint8Array[]): void {
    this.#writing = !this.#socket.write(Buffer.concat(parts));
  }

  #attach(): void {
    clearTimeout(this.#timer);
    const inner = this.#options.attach(this.#socket);
    this.#inner = inner;
    this.#resolve();
    const rest = this.#received;
    this.#received = Buffer.alloc(0);
    // Closed by the one it was handed to, before there was a handler to tell.
    if (this.#closed) inner.close(undefined);
    else if (rest.length > 0) inner.data(rest);
  }

  #fail(error: Error): void {
    if (this.#inner !== undefined) throw error;
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#reject(error);
    this.#socket.close();
  }

  #refusal(what: string): NotAuthenticated {
    const peer = this.#options.side === "client"
      ? "the program that listens there"
      : "the program that connected";
    return new NotAuthenticated(`Refusing pipe "${this.#options.path}": ${peer} ${what}`, {
      next: "Look for a program that has taken the pipe's name, and end it",
      exitCode: ExitCode.transport,
    });
  }
}
