/**
 * A channel for large payloads: messages go over another channel, payloads through memory that both processes
 * map. Each side writes into its own segment. A payload's block is free again when the peer has copied
 * it out and said so.
 */
import { Buffer } from "node:buffer";
import type { Message } from "../../protocol/envelope.ts";
import { BaseChannel } from "../base_channel.ts";
import { Disconnected, ReceiveFailed, Serialization } from "../errors.ts";
import type { IpcChannel, SendOptions } from "../ipc_channel.ts";
import type { MappedFile } from "../../runtime/mod.ts";
import { type Block, SegmentBlocks } from "./segment_blocks.ts";
import { isMessage } from "../../protocol/is_message.ts";
import { LIMITS } from "../../socket/limits.ts";
import { createSegment, openSegment, type SharedSegment } from "./shared_segment.ts";
import { WaitingSends } from "../waiting_sends.ts";

/** A message with bytes beside its JSON. */
export interface PayloadMessage extends Message {
  payload?: Uint8Array;
}

export interface SharedMemoryOptions {
  /** Bytes of this side's segment; 64 MiB by default. The longest payload is as long. */
  size?: number;
}

const DEFAULT_SIZE = 64 * 1024 * 1024;
const LARGEST_SIZE = 1024 * 1024 * 1024;

/** What the two sides say to each other besides the messages. */
const SEGMENT = "shm.segment";
const MAPPED = "shm.mapped";
const PAYLOAD = "shm.payload";
const RELEASE = "shm.release";

interface Payload {
  readonly message: Message;
  readonly bytes: Uint8Array;
}

export class SharedMemoryChannel extends BaseChannel {
  readonly closed: Promise<void>;
  readonly #channel: IpcChannel;
  readonly #size: number;
  readonly #segment: SharedSegment;
  readonly #blocks: SegmentBlocks;
  readonly #waiting: WaitingSends<Payload>;
  #peer: { mapped: MappedFile; size: number } | undefined;
  #listening = false;
  #ended = false;

  /**
   * Makes a shared memory channel of a channel between two processes of one user on one machine; both sides
   * do. The channel below belongs to it from then on.
   *
   * @throws {Io} on a system without shared memory
   */
  static over(channel: IpcChannel, options: SharedMemoryOptions = {}): SharedMemoryChannel {
    return new SharedMemoryChannel(channel, options);
  }

  private constructor(channel: IpcChannel, { size = DEFAULT_SIZE }: SharedMemoryOptions) {
    super({ name: channel.name, kind: "shared-memory", onTaken: () => this.#readOn() });
    this.#channel = channel;
    this.#waiting = new WaitingSends(channel.name);
    this.#size = size;
    this.#segment = createSegment(size);
    this.#blocks = new SegmentBlocks(size);
    this.closed = channel.closed.then(() => this.#finish());
    this.#listen();
    channel.emit(SEGMENT, { path: this.#segment.path, size }).catch(() => {});
  }

  /**
   * Sends a message with bytes beside it. Resolves when they are in the segment and the message is accepted:
   * the bytes may then be changed.
   *
   * @throws {Serialization} the payload is longer than the segment
   */
  sendPayload(message: Message, payload: Uint8Array, options?: SendOptions): Promise<void> {
    if (payload.length > this.#size) {
      return Promise.reject(
        new Serialization(
          `Payload of ${payload.length} bytes on channel "${this.name}", whose segment has ${this.#size}`,
          { next: 'Send it in parts, or make the segment larger ("size")' },
        ),
      );
    }
    const whole: PayloadMessage = { ...message, payload };
    return this.send(whole, options);
  }

  override async recv(options?: Parameters<IpcChannel["recv"]>[0]): Promise<PayloadMessage> {
    return await super.recv(options);
  }

  async close(): Promise<void> {
    await this.#channel.close();
    await this.closed;
  }

  protected override transmit(
    { payload, ...message }: PayloadMessage,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.#ended) return Promise.reject(this.#gone());
    if (payload === undefined) return this.#channel.send(message, signal === undefined ? {} : { signal });
    const item = { message, bytes: payload };
    if (this.#waiting.size === 0) {
      const sent = this.#place(item);
      if (sent !== undefined) return sent;
    }
    const accepted = this.#waiting.add(item, 0, signal);
    this.figures.queued(this.#waiting.size);
    return accepted;
  }

  /** @returns undefined while there is no room */
  #place({ message, bytes }: Payload): Promise<void> | undefined {
    const block = this.#blocks.take(bytes.length);
    if (block === undefined) return undefined;
    this.#segment.bytes.set(bytes, block.offset);
    this.figures.bytesSent += bytes.length;
    const { id, offset, length } = block;
    return this.#channel.emit(PAYLOAD, { message, id, offset, length }).catch((error) => {
      this.#blocks.giveBack(id);
      throw error;
    });
  }

  /**
   * Takes what comes until this side's reader is behind: the rest waits in the channel below, whose own
   * limits hold its peer up.
   */
  #listen(): void {
    this.#listening = true;
    let stop = () => {};
    stop = this.#channel.onMessage((message) => {
      this.#receive(message);
      if (this.#ended || !this.#isBehind()) return;
      this.#listening = false;
      stop();
    });
    if (!this.#listening) stop();
  }

  #readOn(): void {
    if (this.#listening || this.#ended) return;
    if (this.inbox.length <= LIMITS.unreadMessages / 2 && this.inbox.size <= this.#size / 2) this.#listen();
  }

  /** Unread payloads may take as much memory as a segment. */
  #isBehind(): boolean {
    return this.inbox.length >= LIMITS.unreadMessages || this.inbox.size >= this.#size;
  }

  #receive(message: Message): void {
    switch (message.type === "event" ? message.event : undefined) {
      case SEGMENT:
        return this.#onSegment(message.data as { path: string; size: number });
      case MAPPED:
        return this.#segment.forgetName();
      case PAYLOAD:
        return this.#onPayload(message.data as Block & { message: Message });
      case RELEASE:
        return this.#onRelease(message.data as { id: number });
      default:
        return this.deliver(message, 0);
    }
  }

  #onSegment({ path, size }: { path: string; size: number }): void {
    if (this.#peer !== undefined) return this.#refuse("it announced a second segment");
    if (typeof path !== "string" || !Number.isInteger(size) || size < 1 || size > LARGEST_SIZE) {
      return this.#refuse("it announced a segment without path and size");
    }
    try {
      this.#peer = { mapped: openSegment(path, size), size };
    } catch (error) {
      return this.#refuse(error instanceof Error ? error.message : String(error));
    }
    this.#channel.emit(MAPPED).catch(() => {});
  }

  /** Nothing outside of the peer's segment is read, even if the peer claims so. */
  #onPayload({ message, id, offset, length }: Block & { message: Message }): void {
    const peer = this.#peer;
    const inside = peer !== undefined && Number.isInteger(offset) && Number.isInteger(length) &&
      offset >= 0 &&
      length >= 0 && offset + length <= peer.size;
    if (!inside) return this.#refuse("it named a payload outside of its segment");
    if (!isMessage(message)) return this.#refuse("it sent a payload without a message");
    const payload = copyOf(peer.mapped.bytes, offset, length);
    this.figures.bytesReceived += length;
    const received: PayloadMessage = { ...message, payload };
    this.deliver(received, length);
    // Last: in one thread the next payload may come within this call.
    this.#channel.emit(RELEASE, { id }).catch(() => {});
  }

  #onRelease({ id }: { id: number }): void {
    this.#blocks.giveBack(id);
    this.#waiting.admit((item) => this.#place(item));
  }

  #refuse(reason: string): void {
    this.figures.errors++;
    this.end(new ReceiveFailed(`Peer of channel "${this.name}" broke the protocol: ${reason}`));
    void this.#channel.close();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    // What has arrived below can still be received.
    if (!this.#listening) this.#listen();
    const reason = this.#gone();
    this.#waiting.rejectAll(reason);
    this.end(reason);
    this.#segment[Symbol.dispose]();
    this.#peer?.mapped.unmap();
    this.#peer = undefined;
  }

  #gone(): Disconnected {
    return new Disconnected(`Channel "${this.name}" is closed`);
  }
}

/** What `slice` gives, which fills the memory with zeros first: a third of its time. */
function copyOf(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(length);
  memory.set(bytes.subarray(offset, offset + length));
  return new Uint8Array(memory.buffer, memory.byteOffset, length);
}
