/**
 * From a request message to its response. A method that answers at once is answered in the same turn, with no
 * promise and no book-keeping; one that waits is held in flight by its id, can be cancelled, and ends with
 * its time limit.
 */
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { cutText } from "../base/cut_text.ts";
import { errorMessage, HaftError } from "../base/errors.ts";
import { systemFailure } from "../base/system_error.ts";
import type { Message } from "../protocol/envelope.ts";
import { PARTS } from "../protocol/protocol_range.ts";
import { ERROR_CODES, type ErrorName, RequestError, type WireError } from "../protocol/wire_error.ts";
import { type AnswerSize, isTooLargeForFrame, messageText, sizeOfAnswer } from "../channel/parted_answer.ts";
import type { Around } from "../socket/framing/envelope.ts";
import { LIMITS } from "../socket/limits.ts";
import { AnswerQueue } from "./answer_queue.ts";
import { PendingCall } from "./call.ts";
import type { Client } from "./client.ts";
import type { Method } from "./method_table.ts";

export interface DispatcherHost {
  readonly methods: { get(name: string): Method | undefined; readonly names: string[] };
  /** True once the daemon takes no new requests. */
  readonly stopping: boolean;
  readonly limits: { requestsInFlight: number; requestTimeoutMs: number; frame: number };
  /** A method failed by a fault of haft's. */
  onInternalError(method: string, error: unknown): void;
}

export interface RequestCounts {
  inFlight: number;
  /** Those that do more than wait for others. */
  working: number;
}

/** The connection that requests come from and answers go to. */
export interface RequestPeer extends Client {
  /** Queues one message's JSON text, as it is or with what goes around it. */
  sendText(json: string | number, around?: Around): void;
  /**
   * Queues `{type: "response", id, data}`.
   *
   * @param id ASCII that a JSON string may contain as it is
   * @param data JSON text
   */
  sendAnswer(id: string, data: string): void;
  /** Sends the events that were published until now. */
  sendEvents(): void;
  /** Whether the socket has taken what was sent. */
  ready(): boolean;
  /** The last request in flight has its answer. */
  onIdle(): void;
}

export class RequestDispatcher {
  readonly #host: DispatcherHost;
  readonly #client: RequestPeer;
  /** While there are any: a map that was used keeps its room. */
  #inFlight: Map<string, PendingCall> | undefined;
  readonly #oneway = new Set<PendingCall>();
  #waiting = 0;
  /** Answers that are larger than a frame; their requests are in flight until they have left. */
  #parted: AnswerQueue | undefined;

  constructor(host: DispatcherHost, client: RequestPeer) {
    this.#host = host;
    this.#client = client;
  }

  get inFlight(): number {
    return (this.#inFlight?.size ?? 0) + this.#oneway.size + (this.#parted?.size ?? 0);
  }

  get counts(): RequestCounts {
    const { inFlight } = this;
    return { inFlight, working: inFlight - this.#waiting };
  }

  dispatch(message: Message): void {
    const { id, method: name } = message;
    const oneway = message.oneway === true;
    if (name === undefined || (id === undefined && !oneway)) {
      return this.#refuse(id, "invalid_request", `A request needs "method" and "id"`);
    }
    if (this.#host.stopping) return this.#refuse(id, "shutting_down", "The daemon is stopping");
    const method = this.#host.methods.get(name);
    if (method === undefined) {
      return this.#refuse(id, "method_not_found", `Unknown method "${cutText(name)}"`, {
        methods: this.#host.methods.names,
      });
    }
    const params = v.safeParse(method.definition.params, message.data ?? {}, { abortEarly: true });
    if (Array.isArray(message.data)) {
      return this.#refuse(id, "invalid_params", `Method "${name}": parameters are an object, not a list`, {
        path: "",
      });
    }
    if (!params.success) {
      const issue = unknownParameter(method, message.data) ?? params.issues[0];
      return this.#refuse(id, "invalid_params", ...paramsError(name, issue));
    }
    if (id !== undefined && (this.#inFlight?.has(id) === true || this.#parted?.has(id) === true)) {
      return this.#refuse(id, "invalid_request", `Request id "${id}" is already in flight`);
    }
    if (this.inFlight >= this.#host.limits.requestsInFlight) {
      const most = this.#host.limits.requestsInFlight;
      return this.#refuse(id, "too_many", `More than ${most} requests in flight on one connection`);
    }
    this.#call(method, params.output, oneway ? undefined : id);
  }

  /** @returns false when no request with this id is in flight */
  cancel(id: string): boolean {
    if (this.#parted?.drop(id) === true) return true;
    const call = this.#inFlight?.get(id);
    call?.end(new RequestError("cancelled", CANCELLED));
    return call !== undefined;
  }

  /** The socket has taken what was sent. */
  drained(): void {
    this.#parted?.drained();
  }

  /** Ends all that is in flight. */
  endAll(reason: Error): void {
    this.#parted?.clear();
    for (const call of [...this.#inFlight?.values() ?? [], ...this.#oneway]) call.end(reason);
  }

  #call(method: Method, params: unknown, id: string | undefined): void {
    const call = new PendingCall(this.#client, id);
    let result: unknown;
    try {
      result = method.handle(params, call);
    } catch (error) {
      return this.#fail(method, id, call, error);
    }
    if (!(result instanceof Promise)) return this.#answer(method, id, call, result);
    this.#hold(method, result, { call, id });
  }

  #hold(
    method: Method,
    result: Promise<unknown>,
    { call, id }: { call: PendingCall; id: string | undefined },
  ): void {
    if (id === undefined) this.#oneway.add(call);
    else (this.#inFlight ??= new Map()).set(id, call);
    const waits = method.definition.waits === true ? 1 : 0;
    this.#waiting += waits;
    const { requestTimeoutMs } = this.#host.limits;
    const timer = method.definition.long === true ? undefined : setTimeout(
      () => call.end(new RequestError("timed_out", `No answer within ${requestTimeoutMs / 1000} s`)),
      requestTimeoutMs,
    );
    const ended = new Promise<never>((_, reject) => {
      call.signal.addEventListener("abort", () => reject(call.endReason), { once: true });
    });
    // A method that does not listen to its signal must not keep its id: the answer goes out when the call
    // ends.
    Promise.race([result, ended]).then(
      (value) => this.#answer(method, id, call, value),
      (error) => this.#fail(method, id, call, error),
    ).finally(() => {
      clearTimeout(timer);
      this.#waiting -= waits;
      if (id === undefined) this.#oneway.delete(call);
      else this.#inFlight?.delete(id);
      if (this.#inFlight?.size === 0) this.#inFlight = undefined;
      if (this.inFlight === 0) this.#client.onIdle();
    });
  }

  #answer(method: Method, id: string | undefined, call: PendingCall, result: unknown): void {
    if (id === undefined) return call.answered(true);
    // An answer tells how things are after them. A publisher need not wait for what it has published itself.
    if (method.name !== "events.publish") this.#client.sendEvents();
    let data: string;
    try {
      data = JSON.stringify(result ?? {});
    } catch (error) {
      return this.#fail(method, id, call, error);
    }
    let size: AnswerSize | undefined;
    try {
      size = this.#client.takesParts && mayBeLarge(data) ? sizeOfAnswer(data) : undefined;
      if (size !== undefined && isLarge(size)) return this.#answerInParts(id, call, { data, size });
      if (size !== undefined) this.#client.sendText(data, aroundAnswer(id));
      else if (isPlain(id)) this.#client.sendAnswer(id, data);
      else this.#client.sendText(response(id, "data", data));
      call.answered(true);
    } catch (error) {
      if (this.#client.takesParts && isTooLargeForFrame(error)) this.#answerInParts(id, call, { data, size });
      else this.#cannotSend(id, call, error);
    }
  }

  #answerInParts(
    id: string,
    call: PendingCall,
    { data, size }: { data: string; size: AnswerSize | undefined },
  ): void {
    try {
      this.#parted ??= this.#answerQueue();
      const onEnd = (sent: boolean) => {
        if (!sent) this.#sendError(id, wireError("cancelled", CANCELLED));
        call.answered(sent);
        if (this.inFlight === 0) this.#client.onIdle();
      };
      this.#parted.add(id, data, { size, onEnd });
    } catch (error) {
      this.#cannotSend(id, call, error);
    }
  }

  #answerQueue(): AnswerQueue {
    return new AnswerQueue({
      send: (message) => {
        const { json, around } = messageText(message);
        this.#client.sendText(json, around);
      },
      ready: () => this.#client.ready(),
      maxFrameBytes: () => this.#host.limits.frame,
    });
  }

  #cannotSend(id: string, call: PendingCall, error: unknown): void {
    const next = this.#client.takesParts
      ? "Ask for less at once"
      : `Say hello with the capability "${PARTS}", so that the answer can come in parts, or ask for less`;
    this.#sendError(id, wireError("failed", `The answer cannot be sent: ${errorMessage(error)}`, { next }));
    call.answered(false);
  }

  #fail(method: Method, id: string | undefined, call: PendingCall, error: unknown): void {
    const wire = toWireError(call.endReason ?? error);
    if (wire.name === "internal_error") this.#host.onInternalError(method.name, error);
    if (id !== undefined) this.#sendError(id, wire);
    call.answered(false);
  }

  #refuse(id: string | undefined, name: ErrorName, message: string, data?: unknown): void {
    const error = wireError(name, message, data);
    if (id === undefined) this.#client.sendText(`{"type":"response","error":${JSON.stringify(error)}}`);
    else this.#sendError(id, error);
  }

  #sendError(id: string, error: WireError): void {
    this.#client.sendEvents();
    try {
      this.#client.sendText(response(id, "error", JSON.stringify(error)));
    } catch (tooLarge) {
      const wire = wireError("failed", `The error cannot be sent: ${errorMessage(tooLarge)}`);
      this.#client.sendText(response(id, "error", JSON.stringify(wire)));
    }
  }
}

/** Each key takes a quote, a quote, a colon, a value and a comma or a brace. */
const SHORTEST_MEMBER = 5;

/** Whether a frame may not hold it, by its length alone. */
function mayBeLarge(data: string): boolean {
  return data.length > LIMITS.jsonKeys * SHORTEST_MEMBER;
}

/** A client takes frames of the usual size, and may know nothing of a setting that allows larger ones. */
function isLarge({ bytes, keys }: AnswerSize): boolean {
  return bytes > LIMITS.frame - LIMITS.frameBeforeHello || keys > LIMITS.jsonKeys;
}

const CANCELLED = "The client cancelled the request";

/** Whether an id is short, and ASCII that a JSON string may contain as it is. */
function isPlain(id: string): boolean {
  if (id.length > LONGEST_PLAIN) return false;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return false;
  }
  return true;
}

const LONGEST_PLAIN = 64;

/** Of an answer that {@link sizeOfAnswer} has looked at. */
function aroundAnswer(id: string): Around {
  const head = Buffer.from(`{"type":"response","id":${JSON.stringify(id)},"data":`);
  return { head, tail: Buffer.from("}"), limits: undefined };
}

function response(id: string, member: "data" | "error", json: string): string {
  return `{"type":"response","id":${JSON.stringify(id)},"${member}":${json}}`;
}

export function wireError(name: ErrorName, message: string, data?: unknown): WireError {
  return { code: ERROR_CODES[name], name, message, ...(data === undefined ? {} : { data }) };
}

/**
 * What a method threw, as the client gets it. Only errors that were written for people leave the daemon word
 * for word.
 */
function toWireError(error: unknown): WireError {
  if (error instanceof RequestError) {
    return wireError(error.errorName, error.message, error.data);
  }
  if (error instanceof HaftError) {
    const next = error.next === undefined ? {} : { next: error.next };
    // The client's exit code is that of the same refusal without a daemon.
    const data = error.name === "UntrustedError" ? { ...next, untrusted: true } : next;
    return wireError("failed", error.message, Object.keys(data).length === 0 ? undefined : data);
  }
  const failure = systemFailure(error);
  if (failure !== undefined) return wireError("failed", failure.message, { next: failure.next });
  return wireError("internal_error", `Internal error: ${errorMessage(error)}`);
}

/** One that is not known says more than one that is missing: most likely it is that one, mistyped. */
function unknownParameter({ definition }: Method, data: unknown): v.BaseIssue<unknown> | undefined {
  return v.safeParse(definition.params, data ?? {}).issues?.find(({ expected }) => expected === "never");
}

function paramsError(
  method: string,
  issue: v.BaseIssue<unknown>,
): [message: string, data: { path: string; expected: string | null; received: string }] {
  const path = v.getDotPath(issue) ?? "";
  const where = path === "" ? "parameters" : `parameter "${path}"`;
  return [
    `Method "${method}": ${where} ${
      issue.expected === "never" ? "is unknown" : "is wrong: " + issue.message
    }`,
    { path, expected: issue.expected, received: issue.received },
  ];
}
