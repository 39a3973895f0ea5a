/** Reads all hosts' numbered events from the stream, and counts what is missing, double or out of order. */
import type { FleetConnection } from "../../src/fleet/connect.ts";
import { EventReader } from "../../src/fleet/event_reader.ts";
import { FLEET } from "./cluster.ts";

export interface EventCounts {
  seen: number;
  doubled: number;
  /** Numbers that are missing with no `lagged` or `reset` where they should have been. */
  unannounced: number;
  announced: number;
}

export class EventCheck {
  readonly counts: EventCounts = { seen: 0, doubled: 0, unannounced: 0, announced: 0 };
  readonly #last = new Map<string, number>();
  readonly #gap = new Set<string>();
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;

  constructor(connection: FleetConnection) {
    this.ended = this.#read(connection);
  }

  /** The last number that was read of a host. */
  last(host: string): number {
    return this.#last.get(host) ?? 0;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #read({ nats }: FleetConnection): Promise<void> {
    const reader = new EventReader(nats, FLEET, { types: ["user.n"], hosts: undefined, labels: {} });
    for await (const { host, event } of reader.follow({ seq: 0, epoch: undefined }, this.#stop.signal)) {
      if (host === null) throw new Error(`The reader itself missed events: ${JSON.stringify(event)}`);
      if (event.event !== "user.n") {
        this.counts.announced++;
        this.#gap.add(host);
        continue;
      }
      this.#take(host, Number(event.data));
    }
  }

  #take(host: string, number: number): void {
    const last = this.last(host);
    this.counts.seen++;
    if (number <= last) this.counts.doubled++;
    else if (number > last + 1 && !this.#gap.has(host)) this.counts.unannounced += number - last - 1;
    this.#gap.delete(host);
    this.#last.set(host, Math.max(last, number));
  }
}
