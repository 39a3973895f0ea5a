import type { Message } from "../protocol/envelope.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { AnswerAssembler } from "./answer_assembler.ts";
import { TimedOut } from "./errors.ts";

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

interface AskOptions extends RequestOptions {
  /** Gives the message to the channel. */
  send(message: Message): Promise<void>;
}

interface Pending {
  resolve(data: unknown): void;
  reject(error: unknown): void;
  onProgress: RequestOptions["onProgress"];
  onAnswer: RequestOptions["onAnswer"];
  assembler: AnswerAssembler | undefined;
}

export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000;

/** Requests of this side that have no answer yet, by their id. */
export class PendingRequests {
  readonly #pending = new Map<string, Pending>();
  #nextId = 1;

  get size(): number {
    return this.#pending.size;
  }

  async ask(
    method: string,
    data: unknown,
    { send, timeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, signal, onProgress, onAnswer, assembler }: AskOptions,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const id = `${this.#nextId++}`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let abort = () => {};
    try {
      return await new Promise((resolve, reject) => {
        this.#pending.set(id, { resolve, reject, onProgress, onAnswer, assembler });
        const giveUp = (error: unknown) => {
          void send({ type: "request", oneway: true, method: "cancel", data: { id } }).catch(() => {});
          reject(error);
        };
        if (Number.isFinite(timeoutMs)) {
          timer = setTimeout(
            () => giveUp(new TimedOut(`No answer to "${method}" within ${timeoutMs} ms`)),
            timeoutMs,
          );
        }
        abort = () => giveUp(signal?.reason);
        signal?.addEventListener("abort", abort, { once: true });
        send({ type: "request", id, method, data }).catch(reject);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#pending.delete(id);
      assembler?.drop(id);
    }
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
      if (error === undefined) pending.resolve(whole);
      else pending.reject(RequestError.from(error));
    }
    return true;
  }

  /** None of them will be answered. */
  failAll(reason: Error): void {
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }
}
