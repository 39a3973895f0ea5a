/** One channel's figures since it began. Times are microseconds where not said otherwise. */
export interface ChannelMetricsSnapshot {
  name: string;
  kind: string;
  messages_sent: number;
  messages_received: number;
  bytes_sent: number;
  bytes_received: number;
  /** Operations that failed. */
  errors: number;
  /** Answers to requests of this side, by how long they took. */
  latency: { count: number; p50: number; p99: number; max: number };
  /** The most that was ever queued and not taken yet: bytes of a socket, messages in memory. */
  peak_queue: number;
  uptime_ms: number;
}

/** From 1 µs to 2^31 µs, doubling. */
const BUCKETS = 32;

/** Counts what a channel does. Counting is a few additions; a snapshot may be taken at any time. */
export class ChannelMetrics {
  messagesSent = 0;
  messagesReceived = 0;
  bytesSent = 0;
  bytesReceived = 0;
  errors = 0;
  peakQueue = 0;
  readonly #begun = performance.now();
  readonly #buckets = new Uint32Array(BUCKETS);
  #latencies = 0;
  #longest = 0;

  /** @param ms milliseconds from a request to its answer */
  recordLatency(ms: number): void {
    const micros = Math.max(1, ms * 1000);
    const bucket = Math.min(BUCKETS - 1, 32 - Math.clz32(Math.min(micros, 2 ** 31)));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#latencies++;
    if (micros > this.#longest) this.#longest = micros;
  }

  queued(amount: number): void {
    if (amount > this.peakQueue) this.peakQueue = amount;
  }

  snapshot(name: string, kind: string): ChannelMetricsSnapshot {
    return {
      name,
      kind,
      messages_sent: this.messagesSent,
      messages_received: this.messagesReceived,
      bytes_sent: this.bytesSent,
      bytes_received: this.bytesReceived,
      errors: this.errors,
      latency: {
        count: this.#latencies,
        p50: this.#quantile(0.5),
        p99: this.#quantile(0.99),
        max: Math.round(this.#longest),
      },
      peak_queue: this.peakQueue,
      uptime_ms: Math.round(performance.now() - this.#begun),
    };
  }

  /** The upper bound of the bucket that the quantile falls into, at most the longest. */
  #quantile(fraction: number): number {
    let rest = Math.ceil(this.#latencies * fraction);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      rest -= this.#buckets[bucket] ?? 0;
      if (rest <= 0) return Math.round(Math.min(2 ** bucket, this.#longest));
    }
    return Math.round(this.#longest);
  }
}
