import { descriptorLimit } from "../base/descriptor_limit.ts";
import { LIMITS } from "./limits.ts";

/**
 * How many connections a server may hold: it leaves descriptors for everything else, without which accepting
 * would spin.
 */
export function connectionCeiling(): number {
  const limit = descriptorLimit();
  return Math.max(limit - LIMITS.reservedDescriptors, Math.floor(limit / 4));
}
