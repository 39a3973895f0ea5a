import { FrameError } from "../socket/framing/frame_error.ts";

/**
 * Sends an event to one client. One that is no frame (a backend or a task said what just fitted into its own)
 * must not fail its source: the client hears that it missed it.
 */
export function sendEvent(
  send: (json: string) => void,
  { id, event, data }: { id?: string; event: string; data: unknown },
): void {
  try {
    send(JSON.stringify({ type: "event", id, event, data }));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    send(JSON.stringify({ type: "event", id, event: "relay.lagged", data: { dropped: 1 } }));
  }
}
