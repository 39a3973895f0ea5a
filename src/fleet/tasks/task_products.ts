/**
 * What of tasks is too large for a message, or a file: in the fleet's object store, named by id and attempt.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { NatsConnection } from "../connect.ts";
import { ObjectBucket } from "../objects/object_bucket.ts";
import { outputsBucket } from "../subjects.ts";
import { packOutputs, unpackOutputs } from "./output_archive.ts";

/** An object, and what proves it: whoever says this is known by the message that it stands in. */
export const ObjectReference = v.object({
  object: v.string(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  bytes: v.number(),
});
export type ObjectReference = v.InferOutput<typeof ObjectReference>;

export const StoredOutputs = v.object({ ...ObjectReference.entries, files: v.number() });
export type StoredOutputs = v.InferOutput<typeof StoredOutputs>;

/** A JSON text that is read into memory. */
const MOST_JSON = 64 * 1024 * 1024;

export class TaskProducts {
  readonly #nats: NatsConnection;
  readonly #fleet: string;

  constructor(nats: NatsConnection, fleet: string) {
    this.#nats = nats;
    this.#fleet = fleet;
  }

  /** Packs and stores files. */
  async storeFiles(
    name: string,
    files: { directory: string; files: readonly string[] },
    signal: AbortSignal,
  ): Promise<StoredOutputs> {
    const directory = mkdtempSync(join(tmpdir(), "haft-outputs-"));
    try {
      const archive = join(directory, "outputs.tar.gz");
      const packed = await packOutputs(files, archive, { signal });
      await (await this.#bucket()).putFile(name, archive);
      return { object: name, ...packed };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  async fetchFiles(
    { object, sha256, bytes }: ObjectReference,
    directory: string,
    signal: AbortSignal,
  ): Promise<void> {
    await unpackOutputs((await this.#find({ object, bytes })).read(signal), directory, { sha256 });
  }

  async storeJson(name: string, value: unknown): Promise<ObjectReference> {
    const text = new TextEncoder().encode(JSON.stringify(value));
    await (await this.#bucket()).putBytes(name, text);
    return { object: name, sha256: sha256Of([text]), bytes: text.length };
  }

  /** @throws {HaftError} when it is gone, or not what its hash says */
  async fetchJson({ object, sha256, bytes }: ObjectReference, signal: AbortSignal): Promise<unknown> {
    if (bytes > MOST_JSON) throw new HaftError(`"${object}" of the fleet has ${bytes} bytes`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await this.#find({ object, bytes })).read(signal)) chunks.push(chunk);
    if (sha256Of(chunks) !== sha256) {
      throw new HaftError(`"${object}" of the fleet is not what its sender stored`);
    }
    const decoder = new TextDecoder();
    const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return JSON.parse(text + decoder.decode());
  }

  async #find({ object, bytes }: { object: string; bytes: number }) {
    const found = await (await this.#bucket()).find(object);
    if (found !== undefined && found.size === bytes) return found;
    throw new HaftError(
      found === undefined
        ? `The fleet does not have "${object}" any more`
        : `"${object}" of the fleet is not what its sender stored`,
      { next: "What tasks have made is kept for 7 days", exitCode: ExitCode.remote },
    );
  }

  #bucket(): Promise<ObjectBucket> {
    return ObjectBucket.open(this.#nats, outputsBucket(this.#fleet));
  }
}

function sha256Of(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
