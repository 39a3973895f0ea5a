import { HaftError } from "../../base/errors.ts";
import { untrustedText } from "./gated_words.ts";
import type { GatedParts, TrustStore } from "./trust_store.ts";

const NEXT = 'Look at it, then run "haft trust" there; where no one can be asked, as in CI, set HAFT_TRUST=1';
const NEXT_AFTER_CHANGE = 'See what changed with "haft trust --show", then run "haft trust" there. ' +
  'Directories of your own need no question: "haft config set trusted_paths \'["DIR"]\'"';

/** The project is not trusted, and something that can run code was wanted of it. */
export class UntrustedError extends HaftError {
  override readonly name = "UntrustedError";
  readonly gated: GatedParts;
  readonly trust: TrustStore;
  /** Whether somebody was asked, and said no: once is enough. */
  readonly declined: boolean;

  constructor(
    gated: GatedParts,
    trust: TrustStore,
    { declined = false, next }: { declined?: boolean; next?: string } = {},
  ) {
    const changed = trust.lastTrusted(gated) !== undefined;
    super(untrustedText(gated, { changed }), { next: next ?? (changed ? NEXT_AFTER_CHANGE : NEXT) });
    this.gated = gated;
    this.trust = trust;
    this.declined = declined;
  }
}
