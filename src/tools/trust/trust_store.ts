import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join, sep } from "node:path";
import * as v from "valibot";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";

/** What a manifest holds that can make haft run code, in a form that does not depend on how it is written. */
export interface GatedParts {
  /** The manifest's path. */
  path: string;
  /** Every file that a part comes from: an outer project's manifest has its say in an inner one. */
  files: readonly string[];
  /** Section name → its content; sections that are empty are left out. */
  parts: Readonly<Record<string, unknown>>;
}

const TrustDocument = v.object({
  version: v.literal(1),
  /** Manifest path → hash of its gated parts. */
  trusted: v.record(v.string(), v.string()),
});

/**
 * Which manifests may run code. Trust is given to a path and to what the manifest says now: when the parts
 * that can run code change, it is asked for again; when a tool's version changes, it is not.
 */
export class TrustStore {
  readonly #file: string;
  readonly #trustedPaths: readonly string[];

  /** @param trustedPaths directories that the user's own settings trust */
  constructor(stateDirectory: string, { trustedPaths }: { trustedPaths: readonly string[] }) {
    this.#file = join(stateDirectory, "trust.json");
    this.#trustedPaths = trustedPaths;
  }

  isTrusted(gated: GatedParts): boolean {
    if (Object.keys(gated.parts).length === 0) return true;
    return gated.files.every((file) => this.#inTrustedPath(file)) ||
      this.#read()[realPath(gated.path)] === hashOf(gated);
  }

  trust(gated: GatedParts): void {
    this.#write({ ...this.#read(), [realPath(gated.path)]: hashOf(gated) });
  }

  /** @returns false when it was not trusted */
  revoke(path: string): boolean {
    const { [realPath(path)]: known, ...rest } = this.#read();
    if (known !== undefined) this.#write(rest);
    return known !== undefined;
  }

  /** Every manifest that was trusted by hand. */
  get paths(): string[] {
    return Object.keys(this.#read()).sort();
  }

  #inTrustedPath(file: string): boolean {
    const path = realPath(file);
    return this.#trustedPaths.some((directory) =>
      path.startsWith(realPath(directory).replace(/[\\/]$/, "") + sep)
    );
  }

  /** @throws {HaftError} when the system refuses to read the file; one that is damaged trusts nothing */
  #read(): Record<string, string> {
    return readOrSetAside(this.#file, (text) => v.parse(TrustDocument, JSON.parse(text)).trusted) ?? {};
  }

  #write(trusted: Record<string, string>): void {
    writeAtomic(this.#file, `${JSON.stringify({ version: 1, trusted }, null, 2)}\n`, { mode: 0o600 });
  }
}

/** @throws {HaftError} when the manifest is not trusted and has something that can run code */
export function requireTrust(store: TrustStore, gated: GatedParts): void {
  if (store.isTrusted(gated)) return;
  const sections = Object.keys(gated.parts).map((name) => `[${name}]`).join(", ");
  throw new HaftError(`"${gated.path}" is not trusted, and its ${sections} can run code`, {
    next: 'Look at it, then run "haft trust" there',
    exitCode: ExitCode.failed,
  });
}

function hashOf({ parts }: GatedParts): string {
  return createHash("sha256").update(canonical(parts)).digest("hex");
}

/** JSON with sorted keys: the same content is the same text, however the file orders it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
