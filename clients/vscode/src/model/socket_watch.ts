import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";

/**
 * Calls `appeared` when something changes at one of the sockets, until it is disposed of. The system tells;
 * no timer looks. Where no daemon has run yet there is no directory: then the nearest one that exists is
 * watched, and `appeared` is called when the next directory on the way comes. The caller then watches anew.
 */
export function watchSockets(sockets: readonly string[], appeared: () => void): Disposable {
  const watchers: FSWatcher[] = [];
  for (const socket of new Set(sockets)) {
    try {
      const watcher = watchNearest(socket, appeared);
      watcher.on("error", () => watcher.close());
      watchers.push(watcher);
    } catch {
      // A system that watches nothing, or has no watches left: the next command reaches a new daemon.
    }
  }
  return {
    [Symbol.dispose]() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

function watchNearest(socket: string, appeared: () => void): FSWatcher {
  let awaited = socket;
  while (!existsSync(dirname(awaited)) && dirname(awaited) !== awaited) awaited = dirname(awaited);
  const watcher = watch(dirname(awaited), { persistent: false }, (_event, name) => {
    if (name === null || name === basename(awaited)) appeared();
  });
  if (awaited === socket || !existsSync(awaited)) return watcher;
  // It came before it was watched.
  watcher.close();
  return watchNearest(socket, appeared);
}
