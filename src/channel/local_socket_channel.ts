import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage, HaftError } from "../base/errors.ts";
import { nobodyListens } from "../socket/absent.ts";
import type { Framing } from "../socket/framing/framing.ts";
import { connect } from "../socket/mod.ts";
import { Disconnected, Io, TimedOut } from "./errors.ts";
import type { IpcChannel } from "./ipc_channel.ts";
import { type EndpointOptions, resolveEndpoint } from "./resolve_endpoint.ts";
import { StreamChannel, type StreamChannelOptions } from "./stream_channel.ts";

export interface ConnectOptions extends StreamChannelOptions, EndpointOptions {
  /** Milliseconds for all attempts together. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /**
   * Keep trying until a server listens; without it the first refusal is final. Needs `timeoutMs` or
   * `signal`.
   */
  retry?: boolean;
  /** `length` by default. */
  framing?: Framing;
}

/** Milliseconds between attempts: the first, and the longest. */
const RETRY = { first: 5, longest: 100 };

/** The connecting side of a local socket. */
export const LocalSocketChannel: {
  connect(name: string, options?: ConnectOptions): Promise<IpcChannel>;
} = {
  /**
   * Connects to the {@link LocalSocketServer} of this name.
   *
   * @throws {Disconnected} no server listens
   * @throws {TimedOut} within `timeoutMs`
   * @throws {Io} the system refused
   * @throws {HaftError} the endpoint is not safe to use
   */
  async connect(name: string, options: ConnectOptions = {}): Promise<IpcChannel> {
    const path = resolveEndpoint(name, options);
    const { timeoutMs, signal } = options;
    const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const stop = AbortSignal.any([signal, limit].filter((one) => one !== undefined));
    for (let wait = RETRY.first;; wait = Math.min(wait * 2, RETRY.longest)) {
      try {
        stop.throwIfAborted();
        return await attempt(name, path, { ...options, signal: stop });
      } catch (error) {
        if (limit?.aborted && !signal?.aborted) {
          throw new TimedOut(`No connection to channel "${name}" within ${timeoutMs} ms`, { cause: error });
        }
        signal?.throwIfAborted();
        if (error instanceof HaftError) throw error;
        if (!nobodyListens(error)) {
          throw new Io(`Cannot connect to "${path}": ${errorMessage(error)}`, { cause: error });
        }
        if (!options.retry) {
          throw new Disconnected(`Nobody listens on channel "${name}" ("${path}")`, { cause: error });
        }
      }
      // Woken early by an abort, which the next turn reports.
      await delay(wait, undefined, { signal: stop }).catch(() => {});
    }
  },
};

async function attempt(
  name: string,
  path: string,
  options: ConnectOptions & { signal: AbortSignal },
): Promise<IpcChannel> {
  let channel: StreamChannel | undefined;
  const connecting = connect(path, (socket) => {
    channel = new StreamChannel({ name, socket, framing: options.framing ?? "length" }, options);
    return channel.handler;
  });
  const socket = await abortable(connecting, options.signal, (late) => late.close());
  const uid = socket.peerUid();
  if (uid !== undefined && uid !== process.getuid?.()) {
    socket.close();
    throw new Io(`Refusing channel "${name}": it is served by user ${uid}`);
  }
  if (channel === undefined) throw new Io(`Cannot connect to "${path}"`);
  return channel;
}

/** Stops waiting on an abort; what the promise gives later goes to `discard`. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal, discard: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let aborted = false;
    const abort = () => {
      aborted = true;
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener("abort", abort);
        if (aborted) discard(value);
        else resolve(value);
      },
      (error) => {
        signal.removeEventListener("abort", abort);
        reject(error);
      },
    );
  });
}
