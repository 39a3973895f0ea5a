/**
 * Who fetches which artifact now. A claim is taken by compare-and-set and forgotten by the server soon after
 * its host stops renewing it, so that a host that dies holds nobody up for long.
 */
import { type KV, Kvm } from "@nats-io/kv";
import { jetstream } from "@nats-io/jetstream";
import { createHash } from "node:crypto";
import * as v from "valibot";
import { errorMessage } from "../../base/errors.ts";
import type { FetchedElsewhere } from "../../tools/install/artifact_mirror.ts";
import type { NatsConnection } from "../connect.ts";
import { claimsBucket } from "../subjects.ts";

const CLAIM_TTL_MS = 15_000;
const RENEW_MS = 3_000;

const Claim = v.object({ host: v.string(), bytes: v.number(), total: v.nullable(v.number()) });

/** Makes the bucket; the fleet's administrator does, once. */
export async function createClaimsBucket(
  nats: NatsConnection,
  fleet: string,
  { replicas }: { replicas: number },
): Promise<void> {
  await new Kvm(jetstream(nats)).create(claimsBucket(fleet), {
    ttl: CLAIM_TTL_MS,
    history: 1,
    replicas,
    allow_direct: false,
  });
}

interface Held {
  revision: number;
  bytes: number;
  total: number | null;
  timer: ReturnType<typeof setInterval>;
}

export class Claims implements Disposable {
  readonly #bucket: KV;
  readonly #host: string;
  readonly #held = new Map<string, Held>();

  private constructor(bucket: KV, host: string) {
    this.#bucket = bucket;
    this.#host = host;
  }

  static async open(
    nats: NatsConnection,
    { fleet, host }: { fleet: string; host: string },
  ): Promise<Claims> {
    return new Claims(await new Kvm(jetstream(nats)).open(claimsBucket(fleet)), host);
  }

  /** @returns whether this host has it now */
  async take(integrity: string): Promise<boolean> {
    const key = keyOf(integrity);
    try {
      const revision = await this.#bucket.create(key, this.#text({ bytes: 0, total: null }));
      const timer = setInterval(() => void this.#renew(key), RENEW_MS);
      this.#held.set(key, { revision, bytes: 0, total: null, timer });
      return true;
    } catch (error) {
      if (/wrong last sequence/i.test(errorMessage(error))) return false;
      throw error;
    }
  }

  /** What its holder says; undefined when nobody holds it. */
  async holder(integrity: string): Promise<FetchedElsewhere | undefined> {
    const entry = await this.#bucket.get(keyOf(integrity));
    const parsed = entry?.operation === "PUT" ? v.safeParse(Claim, entry.json()) : undefined;
    return parsed?.success === true ? parsed.output : undefined;
  }

  /** What the others see with the next renewal. */
  update(integrity: string, progress: { bytes: number; total: number | null }): void {
    const held = this.#held.get(keyOf(integrity));
    if (held !== undefined) Object.assign(held, progress);
  }

  /** Lets others have it at once. */
  async release(integrity: string): Promise<void> {
    const key = keyOf(integrity);
    const held = this.#forget(key);
    if (held === undefined) return;
    // Otherwise the server forgets it by itself.
    await this.#bucket.delete(key, { previousSeq: held.revision }).catch(() => {});
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#held.keys()]) this.#forget(key);
  }

  async #renew(key: string): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    try {
      held.revision = await this.#bucket.update(key, this.#text(held), held.revision);
    } catch {
      // Another host may have it by now; then both fetch, and both are right.
    }
  }

  #forget(key: string): Held | undefined {
    const held = this.#held.get(key);
    clearInterval(held?.timer);
    this.#held.delete(key);
    return held;
  }

  #text({ bytes, total }: { bytes: number; total: number | null }): Uint8Array {
    return new TextEncoder().encode(JSON.stringify({ host: this.#host, bytes, total }));
  }
}

function keyOf(integrity: string): string {
  return createHash("sha256").update(integrity).digest("hex");
}
