/**
 * The copies that this host runs, for the daemon's next life: it has to know how long the lease of each
 * counts, and which specs it has seen, so that an older one is not carried out.
 */
import { join } from "node:path";
import * as v from "valibot";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";

const KeptCopy = v.object({
  id: v.string(),
  root: v.string(),
  name: v.string(),
  copy: v.number(),
  run: v.nullable(v.number()),
  on_lost: v.picklist(["stop", "keep"]),
  /** Of its lease. */
  seq: v.number(),
  term: v.number(),
  limit_ms: v.number(),
  /** When the lease was last confirmed, in seconds since the system's start. */
  uptime: v.number(),
  /** Names the run of the system that counts them. */
  boot: v.optional(v.string(), ""),
});
export type KeptCopy = v.InferOutput<typeof KeptCopy>;

const Kept = v.object({
  version: v.literal(1),
  /** App → the highest revision that was seen. */
  revisions: v.record(v.string(), v.number()),
  copies: v.array(KeptCopy),
});
export type Kept = v.InferOutput<typeof Kept>;

export class CopiesFile {
  readonly #path: string;
  #written = "";

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, "fleet-copies.json");
  }

  read(): Kept {
    return readOrSetAside(this.#path, (text) => v.parse(Kept, JSON.parse(text))) ??
      { version: 1, revisions: {}, copies: [] };
  }

  write(kept: Kept): void {
    const text = JSON.stringify(kept);
    if (text === this.#written) return;
    writeAtomic(this.#path, text, { mode: 0o600 });
    this.#written = text;
  }
}
