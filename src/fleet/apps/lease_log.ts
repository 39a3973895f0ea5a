/**
 * Leases as the stream's leader has them: what a replica or a follower says may be old, and here it decides.
 */
import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { appPlace, appsStream, appSubject } from "../subjects.ts";
import { decode, encode } from "../tasks/task_message.ts";
import { LeaseRecord } from "./app_message.ts";

/** A lease's last record, who said it, and its place in the stream. */
export interface LeaseEntry {
  host: string;
  seq: number;
  record: LeaseRecord;
}

/**
 * Stands for a record that no host can have written: any member can let the server answer a question there.
 * Whose lease it is then is not known, until it has been the same for the fleet's limit.
 */
export const ILLEGIBLE: LeaseRecord = { instance: "", term: 0, limit_ms: 0, free: false };

const WRONG_LAST_SEQUENCE = 10071;

/** What a lease needs of {@link LeaseLog}. */
export type LeaseStore = Pick<LeaseLog, "host" | "read" | "write">;

export interface LeaseLogOptions {
  fleet: string;
  /** In whose name it writes. */
  host: string;
  stream: JetStreamClient;
  manager: JetStreamManager;
}

export class LeaseLog {
  readonly host: string;
  readonly #options: LeaseLogOptions;

  constructor(options: LeaseLogOptions) {
    this.host = options.host;
    this.#options = options;
  }

  /** @returns undefined when nobody ever had it */
  async read(kind: string, id: string): Promise<LeaseEntry | undefined> {
    const { fleet, manager } = this.#options;
    const message = await manager.streams.getMessage(appsStream(fleet), {
      last_by_subj: appSubject(fleet, { who: "*", kind, id }),
    });
    if (message === null) return undefined;
    const record = decode(LeaseRecord, message.data) ?? ILLEGIBLE;
    return { host: appPlace(message.subject).who, seq: message.seq, record };
  }

  /**
   * Writes behind the entry that is known; the subject is this host's, and the condition is every host's.
   *
   * @returns its place; undefined when another was faster
   */
  async write(
    kind: string,
    id: string,
    value: unknown,
    { after, timeoutMs }: { after: number; timeoutMs: number },
  ): Promise<number | undefined> {
    const { fleet, host, stream } = this.#options;
    try {
      const { seq } = await stream.publish(appSubject(fleet, { who: host, kind, id }), encode(value), {
        timeout: timeoutMs,
        expect: {
          lastSubjectSequence: after,
          lastSubjectSequenceSubject: appSubject(fleet, { who: "*", kind, id }),
        },
      });
      return seq;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return undefined;
      throw error;
    }
  }
}
