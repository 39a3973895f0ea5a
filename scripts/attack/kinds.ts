import type { Kind } from "./case.ts";
import { code } from "./code.ts";
import { dependencies } from "./dependencies.ts";
import { escapes } from "./escapes.ts";
import { locked } from "./locked.ts";
import { loops } from "./loops.ts";
import { modes } from "./modes.ts";
import { names } from "./names.ts";
import { secrets } from "./secrets.ts";
import { trust } from "./trust.ts";
import { writes } from "./writes.ts";

/** Every kind of hostile checkout. */
export const KINDS: readonly Kind[] = [
  secrets,
  locked,
  code,
  trust,
  names,
  loops,
  dependencies,
  writes,
  escapes,
  modes,
];
