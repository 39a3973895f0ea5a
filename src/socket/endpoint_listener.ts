import type { Listener } from "../runtime/mod.ts";

/** A listener that has a place of its own: a socket's file, or a pipe's name. */
export interface EndpointListener extends Listener {
  /** False once clients cannot find it any more, because its file or directory was removed or replaced. */
  isInPlace(): boolean;
}
