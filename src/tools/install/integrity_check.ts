import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { HaftError } from "../../base/errors.ts";
import { printableUrl } from "../http/http_error.ts";
import { IntegrityError, strongestIntegrity } from "../integrity.ts";

/** Hashes an artifact while it streams, then compares. */
export class IntegrityCheck {
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
    throw new IntegrityError(
      `Wrong hash for ${printableUrl(url)}: expected ${text(this.#expected)}, got ${text(actual)}`,
      {
        next:
          "Do not use this download. If the publisher did change it, remove the tool from haft.lock and sync again",
      },
    );
  }
}
