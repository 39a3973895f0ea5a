import { clearTimeout, setTimeout } from "node:timers";
import type { Message } from "../protocol/envelope.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { AnswerAssembler } from "./answer_assembler.ts";
import { TimedOut } from "./errors.ts";
import { PendingTable } from "./pending_table.ts";
import { tell } from "./tell.ts";
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

/** A request as it goes out; to be read at once, and not kept. */
export interface Request {
  /** Its id, which goes out as text. */
  readonly number: number;
  readonly method: string;
  readonly data: unknown;
}

/** The message of a request. */
export function requestMessage({ number, method, data }: Request): Message {
  return { type: "request", id: `${number}`, method, data };
}

/** What the requests of a channel need of it. */
export interface Requester {
  /** Gives the message to the transport; {@link ACCEPTED} when it was taken at once. */
  send(message: Message, signal: AbortSignal | undefined): Promise<void>;
  /** As {@link Requester.send}, for a request with an id. */
  ask(request: Request, signal: AbortSignal | undefined): Promise<void>;
  /** @throws when no request may begin */
  refuseLate(method: string): void;
  /**
   * Requests are in flight from now on.
   *
   * @param methods of those that are
   * @returns what is disposed when none is
   */
  begin(methods: () => string[]): Disposable;
  /** An answer took so many milliseconds. */
  answered(ms: number): void;
}

interface Pending extends Request {
  /** Until it is handed on. */
  data: unknown;
  /** By `performance.now()`. */
  readonly begun: number;
  /** By `performance.now()`; Infinity for none. */
  readonly deadline: number;
  readonly options: RequestOptions;
  onAbort: (() => void) | undefined;
  readonly resolve: Resolve;
  readonly reject: Reject;
}

type Resolve = (data: unknown) => void;
type Reject = (error: unknown) => void;

export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** A timer takes no more milliseconds than this, which is 24 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

let lastResolve: Resolve = () => {};
let lastReject: Reject = () => {};

/** One function for all promises, which each request would make anew otherwise. */
function keepResolvers(resolve: Resolve, reject: Reject): void {
  lastResolve = resolve;
  lastReject = reject;
}

/** Requests of this side that have no answer yet. One timer, for the first deadline, serves all. */
export class PendingRequests {
  readonly #requester: Requester;
  readonly #pending = new PendingTable<Pending>();
  #nextId: number;
  /** While requests are in flight. */
  #running: Disposable | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer runs out; never later than the first deadline. */
  #due = Infinity;

  /** @param firstId the number that the first request has as its id */
  constructor(requester: Requester, firstId: number = 1) {
    this.#requester = requester;
    this.#nextId = firstId;
  }

  get nextId(): number {
    return this.#nextId;
  }

  get size(): number {
    return this.#pending.size;
  }

  ask(method: string, data: unknown, options: RequestOptions): Promise<unknown> {
    // Not by Promise.withResolvers(), which takes a tenth of a request's time under Bun.
    const promise = new Promise(keepResolvers);
    const resolve = lastResolve;
    const reject = lastReject;
    try {
      const { timeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, signal } = options;
      this.#requester.refuseLate(method);
      signal?.throwIfAborted();
      const number = this.#nextId++;
      const begun = performance.now();
      const deadline = begun + timeoutMs;
      this.#send({ number, method, data, begun, deadline, options, onAbort: undefined, resolve, reject });
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  #send(pending: Pending): void {
    const { begun, deadline, options: { signal } } = pending;
    if (signal !== undefined) {
      pending.onAbort = () => this.#giveUp(pending, signal.reason);
      signal.addEventListener("abort", pending.onAbort, { once: true });
    }
    this.#pending.add(pending);
    this.#running ??= this.#begin();
    if (deadline < this.#due) this.#wakeAt(deadline, begun);
    const sent = this.#requester.ask(pending, signal);
    // What still waits to be sent has it by now.
    pending.data = undefined;
    if (sent !== ACCEPTED) sent.catch((error) => this.#end(pending) && pending.reject(error));
  }

  /**
   * As {@link settle}, for an answer that is no error and came whole.
   *
   * @param heardAt when it came, by `performance.now()`
   * @returns false when no request has this id
   */
  answer(id: number, data: unknown, heardAt: number): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#resolve(pending, data, heardAt);
    return true;
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
    const pending = this.#find(id);
    if (id === undefined || pending === undefined) return false;
    const { assembler, onProgress, onAnswer } = pending.options;
    if (type === "part" && assembler !== undefined) assembler.add(id, message);
    else if (type === "event") tell(() => onProgress?.(message.event ?? "", message.data));
    else if (type !== "response") return false;
    else {
      const { error, parts, data } = message;
      const whole = parts === undefined || assembler === undefined ? data : assembler.finish(id, parts);
      if (error === undefined) this.#resolve(pending, whole, performance.now());
      else {
        if (onAnswer !== undefined) tell(onAnswer);
        this.#end(pending);
        pending.reject(RequestError.from(error));
      }
    }
    return true;
  }

  /** Gives one request up, because its answer cannot be read. */
  fail(id: string | undefined, error: unknown): void {
    const pending = this.#find(id);
    if (pending !== undefined) this.#giveUp(pending, error);
  }

  #find(id: string | undefined): Pending | undefined {
    if (id === undefined) return undefined;
    const pending = this.#pending.get(Number(id));
    return pending !== undefined && `${pending.number}` === id ? pending : undefined;
  }

  #resolve(pending: Pending, data: unknown, heardAt: number): void {
    const { onAnswer } = pending.options;
    if (onAnswer !== undefined) tell(onAnswer);
    this.#end(pending);
    this.#requester.answered(heardAt - pending.begun);
    pending.resolve(data);
  }

  /** The next request makes another. */
  stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }

  /** None of them will be answered. */
  failAll(reason: Error): void {
    this.stopTimer();
    for (const pending of this.#pending.values()) if (this.#end(pending)) pending.reject(reason);
  }

  /** @returns false when it had ended already */
  #end(pending: Pending): boolean {
    if (!this.#pending.delete(pending)) return false;
    const { number, onAbort, options: { signal, assembler } } = pending;
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    if (assembler !== undefined && assembler.held > 0) assembler.drop(`${number}`);
    if (this.#pending.size === 0) this.#rest();
    return true;
  }

  #begin(): Disposable {
    this.#timer?.ref();
    return this.#requester.begin(() => this.#pending.values().map(({ method }) => `request ${method}`));
  }

  #rest(): void {
    this.#running?.[Symbol.dispose]();
    this.#running = undefined;
    // The timer stays for the next request, and keeps no process alive meanwhile.
    this.#timer?.unref();
  }

  #giveUp(pending: Pending, error: unknown): void {
    if (!this.#end(pending)) return;
    const data = { id: `${pending.number}` };
    const cancel: Message = { type: "request", oneway: true, method: "cancel", data };
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
    for (const pending of this.#pending.values().sort((a, b) => a.deadline - b.deadline)) {
      const { deadline, method, options } = pending;
      const { timeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = options;
      if (deadline > now) next = Math.min(next, deadline);
      else this.#giveUp(pending, new TimedOut(`No answer to "${method}" within ${timeoutMs} ms`));
    }
    if (next < this.#due) this.#wakeAt(next, now);
  }
}
