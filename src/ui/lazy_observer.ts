import type { SyncEvent, SyncObserver } from "../protocol/sync_event.ts";

/**
 * An observer that is made when the first event worth it comes, and then gets all events from the start. A
 * sync without work loads nothing to draw with.
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
