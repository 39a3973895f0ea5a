/**
 * The steps of tasks, as the stream's leader has them: what a replica says may be old, and here it decides.
 */
import { JetStreamApiError, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import type * as v from "valibot";
import type { UserKey } from "../nkey.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { type FleetAddress, jobParts, jobsStream, jobSubject } from "../subjects.ts";
import {
  type CancelStep,
  type CancelWish,
  decode,
  encode,
  FinalStep,
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

const ACK_MS = 5_000;
const WRONG_LAST_SEQUENCE = 10071;

export class JobLog {
  readonly #address: FleetAddress;
  readonly #stream: JetStreamClient;
  readonly #manager: JetStreamManager;

  /** @param address of the host that says something; the fleet is what counts for reading */
  constructor(
    address: FleetAddress,
    { stream, manager }: { stream: JetStreamClient; manager: JetStreamManager },
  ) {
    this.#address = address;
    this.#stream = stream;
    this.#manager = manager;
  }

  started(id: string): Promise<Said<StartedStep> | undefined> {
    return this.#last(id, "*", "started", StartedStep);
  }

  final(id: string): Promise<Said<FinalStep> | undefined> {
    return this.#last(id, "*", "final", FinalStep);
  }

  refusal(id: string, host: string): Promise<Said<RefusedStep> | undefined> {
    return this.#last(id, host, "refused", RefusedStep);
  }

  /**
   * Begins an attempt behind the one that is known. @returns false when another host was faster
   */
  start(id: string, step: StartedStep, after: number): Promise<boolean> {
    return this.#say(id, "started", step, { after, name: `started.${step.attempt}` });
  }

  /** Says under which id its daemon has it, for those who look at its log. */
  async runs(id: string, step: RunsStep): Promise<void> {
    await this.#stream.publish(jobSubject(this.#address, id, "runs"), encode(step), {
      msgID: `${id}.runs.${step.attempt}`,
      timeout: ACK_MS,
    });
  }

  /** Says, signed by the task's sender, that it is to end. */
  async cancel(id: string, key: UserKey): Promise<void> {
    const subject = jobSubject(this.#address, id, "cancel");
    const text = encode({ time: Date.now() } satisfies CancelStep);
    const header = headers();
    header.set(SIGNATURE_HEADER, signCancel(key, subject, text));
    await this.#stream.publish(subject, text, { headers: header, timeout: ACK_MS });
  }

  /** The last wish to end it that was said; whose it is remains to be seen. */
  async cancelWish(id: string): Promise<CancelWish | undefined> {
    const { fleet } = this.#address;
    const message = await this.#manager.streams.getMessage(jobsStream(fleet), {
      last_by_subj: jobSubject({ fleet, host: "*" }, id, "cancel"),
    });
    if (message === null) return undefined;
    const { subject, data: text, header } = message;
    return { subject, text, signature: header.get(SIGNATURE_HEADER) };
  }

  async refuse(id: string, step: RefusedStep): Promise<void> {
    const { host } = this.#address;
    await this.#stream.publish(jobSubject(this.#address, id, "refused"), encode(step), {
      msgID: `${id}.refused.${host}`,
      timeout: ACK_MS,
    });
  }

  /** Says how the task ended. @returns false when that was said already: the first end counts */
  end(id: string, step: FinalStep): Promise<boolean> {
    return this.#say(id, "final", step, { after: 0, name: "final" });
  }

  async #say(
    id: string,
    kind: string,
    step: unknown,
    { after, name }: { after: number; name: string },
  ): Promise<boolean> {
    const { fleet, host } = this.#address;
    try {
      const { duplicate } = await this.#stream.publish(jobSubject({ fleet, host }, id, kind), encode(step), {
        msgID: `${id}.${name}`,
        timeout: ACK_MS,
        expect: {
          lastSubjectSequence: after,
          lastSubjectSequenceSubject: jobSubject({ fleet, host: "*" }, id, kind),
        },
      });
      return !duplicate;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return false;
      throw error;
    }
  }

  async #last<Schema extends v.GenericSchema>(
    id: string,
    host: string,
    kind: string,
    schema: Schema,
  ): Promise<Said<v.InferOutput<Schema>> | undefined> {
    const { fleet } = this.#address;
    const message = await this.#manager.streams.getMessage(jobsStream(fleet), {
      last_by_subj: jobSubject({ fleet, host }, id, kind),
    });
    const step = message === null ? undefined : decode(schema, message.data);
    if (message === null || step === undefined) return undefined;
    return { step, host: jobParts(message.subject).host, seq: message.seq };
  }
}
