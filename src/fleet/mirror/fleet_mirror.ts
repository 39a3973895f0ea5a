/**
 * The artifacts of tools, shared by the hosts of a fleet: the first host that needs one claims it, fetches it
 * from its source and puts it into the server's object store; the others take it from there. Each verifies
 * what it gets as it would a download, so that wrong bytes cost a second download and nothing else.
 */
import { setTimeout as delay } from "node:timers/promises";
import { errorMessage } from "../../base/errors.ts";
import type {
  ArtifactMirror,
  FetchedElsewhere,
  SharedArtifact,
} from "../../tools/install/artifact_mirror.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";
import { connectFleet, type FleetConnection } from "../connect.ts";
import { ObjectBucket, type StoredObject } from "../objects/object_bucket.ts";
import { mirrorBucket } from "../subjects.ts";
import { Claims } from "./claims.ts";

/** Between looks at what another host fetches; chance adds up to as much again. */
const LOOK_MS = 400;
/**
 * A host whose download does not get on for so long is not waited for, nor one that takes as long as this.
 */
const STUCK_MS = 20_000;
const LONGEST_MS = 5 * 60_000;
const STEP_MS = 5_000;

export class FleetMirror implements ArtifactMirror, AsyncDisposable {
  readonly #connection: FleetConnection;
  readonly #bucket: ObjectBucket;
  readonly #claims: Claims;
  readonly #onProblem: (line: string) => void;
  readonly #distrusted = new Set<string>();

  private constructor(
    connection: FleetConnection,
    { bucket, claims, onProblem }: {
      bucket: ObjectBucket;
      claims: Claims;
      onProblem: (line: string) => void;
    },
  ) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#claims = claims;
    this.#onProblem = onProblem;
  }

  /** @returns undefined, and says why, when it cannot be had: tools then come from their sources */
  static async open(
    settings: FleetSettings,
    { onProblem }: { onProblem: (line: string) => void },
  ): Promise<FleetMirror | undefined> {
    const { name: fleet, host } = settings;
    let connection: FleetConnection | undefined;
    try {
      connection = await connectFleet(settings, { name: `haft install ${host}`, stay: false });
      const [bucket, claims] = await Promise.all([
        ObjectBucket.open(connection.nats, mirrorBucket(fleet)),
        Claims.open(connection.nats, { fleet, host }),
      ]);
      return new FleetMirror(connection, { bucket, claims, onProblem });
    } catch (error) {
      await connection?.[Symbol.asyncDispose]();
      onProblem(`not through the fleet: ${errorMessage(error)}`);
      return undefined;
    }
  }

  async find(
    integrity: string,
    { signal, onWait }: { signal: AbortSignal; onWait(progress: FetchedElsewhere): void },
  ): Promise<SharedArtifact | undefined> {
    if (this.#distrusted.has(integrity)) return undefined;
    try {
      return await this.#find(integrity, { signal, onWait });
    } catch (error) {
      signal.throwIfAborted();
      this.#onProblem(`not through the fleet: ${errorMessage(error)}`);
      return undefined;
    }
  }

  fetching(integrity: string, progress: { bytes: number; total: number | null }): void {
    this.#claims.update(integrity, progress);
  }

  async giveUp(integrity: string): Promise<void> {
    await this.#claims.release(integrity);
  }

  distrust(integrity: string): void {
    this.#distrusted.add(integrity);
    this.#onProblem("the fleet's copy cannot be used, so it comes from its source");
  }

  async share(
    integrity: string,
    path: string,
    { signal, onStep }: { signal: AbortSignal; onStep(): void },
  ): Promise<void> {
    onStep();
    const timer = setInterval(onStep, STEP_MS);
    try {
      await this.#bucket.putFile(
        integrity,
        path,
        (bytes) => this.fetching(integrity, { bytes, total: null }),
      );
    } catch (error) {
      signal.throwIfAborted();
      this.#onProblem(`not given to the fleet: ${errorMessage(error)}`);
    } finally {
      clearInterval(timer);
      await this.giveUp(integrity);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#claims[Symbol.dispose]();
    await this.#connection[Symbol.asyncDispose]();
  }

  async #find(
    integrity: string,
    { signal, onWait }: { signal: AbortSignal; onWait(progress: FetchedElsewhere): void },
  ): Promise<SharedArtifact | undefined> {
    const begun = performance.now();
    let moved = { at: begun, bytes: -1 };
    for (;;) {
      const found = await this.#bucket.find(integrity);
      if (found !== undefined) return shared(integrity, found);
      if (await this.#claims.take(integrity)) {
        // Its last holder may have put it there between the two questions.
        const late = await this.#bucket.find(integrity);
        if (late === undefined) return undefined;
        await this.giveUp(integrity);
        return shared(integrity, late);
      }
      const holder = await this.#claims.holder(integrity);
      const now = performance.now();
      if (holder !== undefined) {
        onWait(holder);
        if (holder.bytes !== moved.bytes) moved = { at: now, bytes: holder.bytes };
      }
      if (now - moved.at > STUCK_MS || now - begun > LONGEST_MS) return undefined;
      await delay(LOOK_MS * (1 + Math.random()), undefined, { signal });
    }
  }
}

/** A copy looks to a download like a server that cannot go on in the middle. */
function shared(name: string, { size, read }: StoredObject): SharedArtifact {
  return {
    url: `fleet:${name}`,
    http: {
      get(_, { signal = new AbortController().signal } = {}) {
        const stop = new AbortController();
        return Promise.resolve({
          status: 200,
          headers: new Headers({ "content-length": String(size) }),
          body: read(AbortSignal.any([signal, stop.signal])),
          cancel: () => Promise.resolve(stop.abort()),
        });
      },
    },
  };
}
