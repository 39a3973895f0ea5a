import type { SyncEvent, SyncObserver } from "../protocol/sync_event.ts";

/**
 * An observer that is made only when the first event worth it comes, and then gets all events from the start: a sync
 * without work draws nothing and loads nothing to draw with.
 */
export function lazyObserver(
  worthIt: (event: SyncEvent) => boolean,
  make: () => Promise<SyncObserver>,
): SyncObserver {
  const early: SyncEvent[] = [];
  let making: Promise<void> | undefined;
  let observer: SyncObserver | undefined;
  return {
    event(event) {
      if (observer !== undefined) return observer.event(event);
      early.push(event);
      if (making !== undefined || !worthIt(event)) return;
      making = make().then((made) => {
        observer = made;
        for (const item of early.splice(0)) made.event(item);
      });
    },
    async close() {
      await making;
      await observer?.close();
    },
  };
}
