/**
 * The steps of one task, as the stream's leader has them: what a replica says may be old, and here it
 * decides. A step counts when the host that it names signed it, and when it is one of those that may take the
 * task. What does not count is there all the same: what is said next goes in behind it.
 */
import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import type * as v from "valibot";
import type { Members } from "../members.ts";
import type { UserKey } from "../nkey.ts";
import { signerOf, signRecord } from "../signed_record.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { type FleetAddress, jobParts, jobsStream, jobSubject, poolOwner } from "../subjects.ts";
import {
  type CancelStep,
  type CancelWish,
  decode,
  encode,
  FinalStep,
  isEndOf,
  RefusedStep,
  type RunsStep,
  signCancel,
  StartedStep,
} from "./task_message.ts";

/** A step, who said it, and its place in the stream. */
export interface Said<Step> {
  step: Step;
  host: string;
  seq: number;
}

/** What was said last, whether it counts or not. */
interface Last<Step> {
  said: Said<Step> | undefined;
  /** Its place in the stream; 0 for nothing. */
  seq: number;
}

export interface JobLogOptions {
  /** Of the host that says something. */
  address: FleetAddress;
  /** That host's. */
  key: UserKey;
  /** Where the task was put. */
  pool: string;
  id: string;
  members: Members;
  stream: JetStreamClient;
  manager: JetStreamManager;
}

const ACK_MS = 5_000;
const WRONG_LAST_SEQUENCE = 10071;

export class JobLog {
  readonly #options: JobLogOptions;
  /** Whose steps are looked at: of a pool of several, every member's that claims to be in it. */
  readonly #who: string;

  constructor(options: JobLogOptions) {
    this.#options = options;
    this.#who = poolOwner(options.pool) ?? "*";
  }

  async started(): Promise<Last<StartedStep>> {
    return await this.#last(this.#who, "started", StartedStep);
  }

  /** The end that counts, as far as it is the last that was said. */
  async final(): Promise<Said<FinalStep> | undefined> {
    return (await this.#end()).said;
  }

  async refusal(host: string): Promise<Said<RefusedStep> | undefined> {
    return (await this.#last(host, "refused", RefusedStep)).said;
  }

  /**
   * Begins an attempt behind the one that is known. @returns false when another host was faster
   */
  async start(step: StartedStep, after: number): Promise<boolean> {
    return await this.#say("started", step, after);
  }

  /** Says under which id its daemon has it, for those who look at its log. */
  async runs(step: RunsStep): Promise<void> {
    await this.#publish("runs", step);
  }

  /** Says, signed by the task's sender, that it is to end. */
  async cancel(): Promise<void> {
    const { address, key, id, stream } = this.#options;
    const subject = jobSubject(address, id, "cancel");
    const text = encode({ time: Date.now() } satisfies CancelStep);
    const header = headers();
    header.set(SIGNATURE_HEADER, signCancel(key, subject, text));
    await stream.publish(subject, text, { headers: header, timeout: ACK_MS });
  }

  /** The last wish to end it that was said; whose it is remains to be seen. */
  async cancelWish(): Promise<CancelWish | undefined> {
    const { address: { fleet }, id, manager } = this.#options;
    const message = await manager.streams.getMessage(jobsStream(fleet), {
      last_by_subj: jobSubject({ fleet, host: "*" }, id, "cancel"),
    });
    if (message === null) return undefined;
    const { subject, data: text, header } = message;
    return { subject, text, signature: header.get(SIGNATURE_HEADER) };
  }

  async refuse(step: RefusedStep): Promise<void> {
    await this.#publish("refused", step);
  }

  /** Says how the task ended. @returns false when that was said already: the first end counts */
  async end(step: FinalStep): Promise<boolean> {
    if (step.local_id !== null) {
      const { said: begun } = await this.started();
      // Another host has it, whose end it will be.
      if (begun?.host !== this.#options.address.host || begun.step.attempt !== step.attempt) return false;
    }
    let after = 0;
    while (!await this.#say("final", step, after)) {
      const { said, seq } = await this.#end();
      if (said !== undefined || seq === after) return false;
      after = seq;
    }
    return true;
  }

  /** Says that the sender has cancelled it before a host began; readers see whether that was so. */
  async withdraw(step: FinalStep): Promise<void> {
    await this.#publish("final", step);
  }

  async #end(): Promise<Last<FinalStep>> {
    const [end, { said: last }] = await Promise.all([
      this.#last(this.#who, "final", FinalStep),
      this.started(),
    ]);
    if (end.said === undefined) return end;
    // An attempt that was begun after the end says nothing of it.
    const begun = last !== undefined && last.seq > end.seq && end.said.step.local_id !== null
      ? (await this.#last(end.said.host, "started", StartedStep)).said
      : last;
    const counts = isEndOf(end.said, begun && { ...begun.step, host: begun.host, seq: begun.seq });
    return counts ? end : { said: undefined, seq: end.seq };
  }

  async #say(kind: string, step: unknown, after: number): Promise<boolean> {
    const { address: { fleet }, id } = this.#options;
    try {
      await this.#publish(kind, step, {
        lastSubjectSequence: after,
        lastSubjectSequenceSubject: jobSubject({ fleet, host: this.#who }, id, kind),
      });
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false;
      throw error;
    }
  }

  async #publish(
    kind: string,
    step: unknown,
    expect?: { lastSubjectSequence: number; lastSubjectSequenceSubject: string },
  ): Promise<void> {
    const { address, key, id, stream } = this.#options;
    const subject = jobSubject(address, id, kind);
    const text = encode(step);
    await stream.publish(subject, text, {
      ...signRecord(key, subject, text),
      timeout: ACK_MS,
      ...(expect === undefined ? {} : { expect }),
    });
  }

  async #last<Schema extends v.GenericSchema>(
    host: string,
    kind: string,
    schema: Schema,
  ): Promise<Last<v.InferOutput<Schema>>> {
    const { address: { fleet }, id, members, manager } = this.#options;
    const message = await manager.streams.getMessage(jobsStream(fleet), {
      last_by_subj: jobSubject({ fleet, host }, id, kind),
    });
    if (message === null) return { said: undefined, seq: 0 };
    const { subject, seq } = message;
    const said = jobParts(subject).host;
    const signer = signerOf(message);
    if (signer !== undefined && !members.isKeyOf(said, signer)) await members.refresh();
    if (!members.isKeyOf(said, signer)) return { said: undefined, seq };
    const step = decode(schema, message.data);
    return { said: step === undefined ? undefined : { step, host: said, seq }, seq };
  }
}
