import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { HaftError } from "../../base/errors.ts";
import { printableUrl } from "../http/http_error.ts";
import { IntegrityError, strongestIntegrity } from "../integrity.ts";

/** How a download is compared with what the lock file promised. */
export interface ArtifactCheck {
  update(bytes: Uint8Array): void;
  /** @throws {IntegrityError} */
  verify(url: string): void | Promise<void>;
}

/**
 * Go's hash is one of a zip's contents, every other one of its bytes. Bytes that are no zip have none, so
 * that they are fetched again like other damage.
 */
export function integrityCheck(
  integrity: string,
  { url, path }: { url: string; path: string },
): ArtifactCheck {
  if (!integrity.startsWith("h1:")) return new IntegrityCheck(integrity, url);
  return {
    update: () => {},
    async verify(address) {
      const { zipH1 } = await import("../archive/zip_h1.ts");
      const actual = await zipH1(path).catch((error: unknown) => {
        if (error instanceof Error && !("syscall" in error)) return `no zip (${error.message})`;
        throw error;
      });
      if (actual !== integrity) throw wrongHash(address, { expected: integrity, actual });
    },
  };
}

/** Hashes an artifact while it streams, then compares. */
export class IntegrityCheck implements ArtifactCheck {
  readonly #expected: Buffer;
  readonly #algorithm: string;
  readonly #hash: Hash;

  /**
   * @param integrity subresource integrity, `sha512-…`; the strongest hash counts.
   * @throws {HaftError} when it holds no hash that proves anything.
   */
  constructor(integrity: string, what: string) {
    const strongest = strongestIntegrity(integrity);
    if (strongest === undefined) {
      throw new HaftError(`There is no sha256, sha384 or sha512 of ${what} to check it against`, {
        next: "Choose a newer version: registries record a strong hash for those",
      });
    }
    const dash = strongest.indexOf("-");
    this.#algorithm = strongest.slice(0, dash);
    this.#expected = Buffer.from(strongest.slice(dash + 1), "base64");
    this.#hash = createHash(this.#algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws {IntegrityError} */
  verify(url: string): void {
    const actual = this.#hash.digest();
    if (actual.length === this.#expected.length && timingSafeEqual(actual, this.#expected)) return;
    const text = (digest: Buffer) => `${this.#algorithm}-${digest.toString("base64")}`;
    throw wrongHash(url, { expected: text(this.#expected), actual: text(actual) });
  }
}

function wrongHash(url: string, { expected, actual }: { expected: string; actual: string }): IntegrityError {
  return new IntegrityError(`Wrong hash for ${printableUrl(url)}: expected ${expected}, got ${actual}`, {
    next:
      "Do not use this download. If the publisher did change it, remove the tool from haft.lock and sync again",
  });
}
