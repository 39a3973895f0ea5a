import type { LinkState } from "./daemon_link.ts";
import { failureText } from "./failure.ts";

/** What a window says while it has no daemon; what it knows of apps and runs may no longer be so. */
export interface NoDaemon {
  /** The row above what the views know. */
  label: string;
  description: string;
}

/** @returns undefined while the window has a daemon, and `before` while it connects */
export function noDaemon(state: LinkState, before: NoDaemon | undefined): NoDaemon | undefined {
  switch (state.state) {
    case "connected":
      return undefined;
    case "connecting":
      return before;
    case "absent":
      return { label: "The daemon is not running", description: "start it" };
    case "failed":
      return { label: "The daemon cannot be reached", description: failureText(state.error) };
  }
}
