import { clearTimeout, setTimeout } from "node:timers";
import type { Message } from "../protocol/envelope.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { AnswerAssembler } from "./answer_assembler.ts";
import { TimedOut } from "./errors.ts";
import { ACCEPTED } from "./waiting_sends.ts";

export interface RequestOptions {
  /** Milliseconds. Default 30 s. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called for events that carry the request's id. */
  onProgress?: (event: string, data: unknown) => void;
  /**
   * Called as the answer is read, before any message that follows it: the promise resolves some turns later.
   */
  onAnswer?: () => void;
  /** Takes an answer that comes in parts; without it, the peer must not send any. */
  assembler?: AnswerAssembler | undefined;
}

/** What the requests of a channel need of it. */
export interface Requester {
  /** Gives the message to the transport; {@link ACCEPTED} when it was taken at once. */
  send(message: Message, signal: AbortSignal | undefined): Promise<void>;
  /** @returns what is disposed when the request is over @throws when no request may begin */
  begin(method: string): Disposable;
  /** An answer took so many milliseconds. */
  answered(ms: number): void;
}

interface Pending extends Pick<RequestOptions, "timeoutMs" | "signal" | "assembler"> {
  onProgress: RequestOptions["onProgress"] | undefined;
  onAnswer: RequestOptions["onAnswer"] | undefined;
  id: string;
  method: string;
  begun: number;
  /** By `performance.now()`; Infinity for none. */
  deadline: number;
  running: Disposable;
  onAbort: (() => void) | undefined;
  resolve(data: unknown): void;
  reject(error: unknown): void;
}

export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** A timer takes no more milliseconds than this, which is 24 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** Requests of this side that have no answer yet. One timer, for the first deadline, serves all. */
export class PendingRequests {
  readonly #requester: Requester;
  readonly #pending = new Map<string, Pending>();
  #nextId = 1;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer runs out; never later than the first deadline. */
  #due = Infinity;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  get size(): number {
    return this.#pending.size;
  }

  ask(method: string, data: unknown, options: RequestOptions): Promise<unknown> {
    const { timeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, signal } = options;
    return new Promise((resolve, reject) => {
      const running = this.#requester.begin(method);
      const begun = performance.now();
      const pending: Pending = {
        id: `${this.#nextId++}`,
        method,
        begun,
        timeoutMs,
        deadline: begun + timeoutMs,
        running,
        signal,
        onAbort: undefined,
        onProgress: options.onProgress,
        onAnswer: options.onAnswer,
        assembler: options.assembler,
        resolve,
        reject,
      };
      if (signal !== undefined) {
        if (signal.aborted) {
          running[Symbol.dispose]();
          return reject(signal.reason);
        }
        pending.onAbort = () => this.#giveUp(pending, signal.reason);
        signal.addEventListener("abort", pending.onAbort, { once: true });
      }
      this.#pending.set(pending.id, pending);
      if (pending.deadline < this.#due) this.#wakeAt(pending.deadline, begun);
      else if (this.#pending.size === 1) this.#timer?.ref();
      const sent = this.#requester.send({ type: "request", id: pending.id, method, data }, signal);
      if (sent !== ACCEPTED) sent.catch((error) => this.#end(pending) && reject(error));
    });
  }

  /**
   * @returns false when the message belongs to no request of this side
   * @throws {FrameError} when a part of an answer is not what it has to be
   */
  settle(message: Message): boolean {
    const { type, id } = message;
    if (type === "response" && id === undefined && message.error !== undefined && this.size > 0) {
      // About the connection, which the peer then closes.
      this.failAll(RequestError.from(message.error));
      return true;
    }
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) return false;
    if (type === "part" && pending.assembler !== undefined) pending.assembler.add(id, message);
    else if (type === "event") pending.onProgress?.(message.event ?? "", message.data);
    else if (type !== "response") return false;
    else {
      const { error, parts, data } = message;
      const { assembler } = pending;
      const whole = parts === undefined || assembler === undefined ? data : assembler.finish(id, parts);
      pending.onAnswer?.();
      this.#end(pending);
      if (error !== undefined) pending.reject(RequestError.from(error));
      else {
        this.#requester.answered(performance.now() - pending.begun);
        pending.resolve(whole);
      }
    }
    return true;
  }

  /** None of them will be answered. */
  failAll(reason: Error): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
    for (const pending of [...this.#pending.values()]) if (this.#end(pending)) pending.reject(reason);
  }

  /** @returns false when it had ended already */
  #end({ id, running, signal, onAbort, assembler }: Pending): boolean {
    if (!this.#pending.delete(id)) return false;
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    assembler?.drop(id);
    running[Symbol.dispose]();
    // The timer stays for the next request, and keeps no process alive meanwhile.
    if (this.#pending.size === 0) this.#timer?.unref();
    return true;
  }

  #giveUp(pending: Pending, error: unknown): void {
    if (!this.#end(pending)) return;
    const { id } = pending;
    const cancel: Message = { type: "request", oneway: true, method: "cancel", data: { id } };
    void this.#requester.send(cancel, undefined).catch(() => {});
    pending.reject(error);
  }

  #wakeAt(deadline: number, now: number): void {
    clearTimeout(this.#timer);
    this.#due = deadline;
    this.#timer = setTimeout(() => this.#giveUpLate(), Math.min(Math.ceil(deadline - now), LONGEST_WAIT));
  }

  #giveUpLate(): void {
    this.#timer = undefined;
    this.#due = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const pending of [...this.#pending.values()].sort((a, b) => a.deadline - b.deadline)) {
      const { deadline, method, timeoutMs } = pending;
      if (deadline > now) next = Math.min(next, deadline);
      else this.#giveUp(pending, new TimedOut(`No answer to "${method}" within ${timeoutMs} ms`));
    }
    if (next < this.#due) this.#wakeAt(next, now);
  }
}
