/**
 * The traffic of the soak, the same on every kind of channel: numbered messages of many sizes whose content
 * follows from their number. The other side checks number and content and sends its own count back, so that
 * what is lost, doubled, changed or out of order is seen.
 */
import type { IpcChannel, Message } from "../../src/channel/mod.ts";
import { type PayloadMessage, SharedMemoryChannel } from "../../src/channel/kinds/shared_memory_channel.ts";
import { type RequestHandler, serveRequests } from "../../src/channel/serve_requests.ts";

/** Messages that may be on their way, there and back. */
const WINDOW = 256;
/** Every so many messages there is a request beside them. */
const REQUEST_EVERY = 50;
/** Milliseconds that nothing may come back. */
const STALL = 20_000;

export interface Progress {
  sent: number;
  returned: number;
  requests: number;
  bytes: number;
}

/** Mostly small, at times some kilobytes, seldom as large as the kind of channel is made for. */
function sizeOf(n: number, largest: number): number {
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  if (mixed % 997 === 0) return largest - mixed % 1000;
  if (mixed % 31 === 0) return mixed % 8192;
  return mixed % 200;
}

function textOf(n: number, size: number): string {
  const pattern = `${n}:é\u{1f600}\n"\\`;
  return pattern.repeat(Math.ceil(size / pattern.length)).slice(0, size);
}

function payloadOf(n: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(n & 0xff);
  if (size > 0) bytes[size - 1] = (n >> 8) & 0xff;
  return bytes;
}

/** Sends numbered messages while `goOn()`, then waits for the last to come back. */
export async function drive(
  channel: IpcChannel,
  { largest, progress, goOn, pauseMs }: {
    largest: number;
    progress: Progress;
    goOn: () => boolean;
    /** Between bursts, so that a soak of ten minutes leaves the machine usable. */
    pauseMs: number;
  },
): Promise<void> {
  let failure: Error | undefined;
  // One for each wait: what waited on one promise for ten minutes would be all that grows.
  let room = Promise.withResolvers<void>();
  const fail = (error: Error) => {
    failure ??= error;
    room.resolve();
  };
  const stop = channel.onMessage(({ type, data }: Message) => {
    if (type !== "data") return;
    const n = (data as { n?: unknown }).n;
    if (n !== progress.returned) {
      fail(new Error(`${channel.name}: ${JSON.stringify(data)} came back in place of ${progress.returned}`));
    }
    progress.returned++;
    room.resolve();
  });
  void channel.closed.then(() => fail(new Error(`${channel.name}: closed in the middle`)));
  const someRoom = async (most: number) => {
    while (failure === undefined && progress.sent - progress.returned > most) {
      room = Promise.withResolvers();
      await within(STALL, room.promise, `${channel.name}: nothing came back`);
    }
    if (failure !== undefined) throw failure;
  };
  while (goOn()) {
    for (let burst = 0; burst < WINDOW && goOn(); burst++) {
      await someRoom(WINDOW);
      const n = progress.sent++;
      const size = sizeOf(n, largest);
      progress.bytes += size;
      if (channel instanceof SharedMemoryChannel && size >= 1000) {
        await channel.sendPayload({ type: "data", data: { n } }, payloadOf(n, size));
      } else await channel.sendJson({ n, text: textOf(n, size) });
      if (n % REQUEST_EVERY !== 0) continue;
      const answer = await channel.request("square", { n }, { timeoutMs: STALL });
      if ((answer as { square: number }).square !== n * n) {
        throw new Error(`${channel.name}: wrong answer to ${n}`);
      }
      progress.requests++;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await someRoom(0);
  stop();
}

/** The other side: checks what comes and says so. A mistake closes the channel, which the driver hears. */
export function reflect(channel: IpcChannel, largest: number): void {
  let expected = 0;
  const square: RequestHandler = (data) => ({ square: (data as { n: number }).n ** 2 });
  serveRequests(channel, new Map([["square", square]]), (message: PayloadMessage) => {
    const wrong = mistake(message, expected, largest);
    if (wrong === undefined) return void channel.sendJson({ n: expected++ }).catch(() => {});
    console.error(`${channel.name}: ${wrong}`);
    void channel.close();
  });
}

function mistake({ data, payload }: PayloadMessage, n: number, largest: number): string | undefined {
  const { n: got, text } = data as { n: number; text?: string };
  if (got !== n) return `message ${got} came in place of ${n}`;
  const size = sizeOf(n, largest);
  if (text !== undefined) {
    return text === textOf(n, size) ? undefined : `text of message ${n} is not what was sent`;
  }
  const whole = payload?.length === size && payload.at(-1) === ((n >> 8) & 0xff) &&
    payload.every((byte, index) => index === size - 1 || byte === (n & 0xff));
  return whole ? undefined : `payload of message ${n} is not what was sent`;
}

export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
