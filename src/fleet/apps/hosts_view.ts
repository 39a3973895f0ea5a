/** Which hosts are there, as their records come in: no question to the server is needed at each look. */
import type { JsMsg } from "@nats-io/jetstream";
import { decode } from "../tasks/task_message.ts";
import { HostRecord, PRESENCE_TTL_MS } from "../presence.ts";
import { elapsedMs, type Instant, instant } from "./elapsed.ts";

export class HostsView {
  readonly #hosts = new Map<string, { record: HostRecord; seq: number; since: Instant }>();

  take({ subject, data, seq }: JsMsg): void {
    const host = subject.slice(subject.lastIndexOf(".") + 1);
    const known = this.#hosts.get(host);
    if (known !== undefined && seq <= known.seq) return;
    const record = decode(HostRecord, data);
    // A record without content says that the host has left.
    if (record?.host === host) this.#hosts.set(host, { record, seq, since: instant() });
    else if (data.length === 0) this.#hosts.delete(host);
  }

  /** Those that were heard of within the time for which the server keeps a record. */
  get there(): HostRecord[] {
    return [...this.#hosts.values()].filter(({ since }) => elapsedMs(since) < PRESENCE_TTL_MS)
      .map(({ record }) => record);
  }
}
