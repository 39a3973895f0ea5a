import { availableParallelism } from "node:os";

export interface GraphNode {
  /** Keys of the nodes before it. */
  after: readonly string[];
}

export interface GraphOptions {
  /** Nodes at a time. */
  jobs?: number | undefined;
  /** Whether other nodes go on after a failure; those after the failed one never run. */
  keepGoing: boolean;
  /** Runs one node. @returns whether it succeeded */
  run: (key: string, signal: AbortSignal) => Promise<boolean>;
  /** A node that is not run, because another one failed. */
  onSkipped: (key: string) => Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs the nodes of a graph, each after those before it, and otherwise side by side.
 *
 * @throws {TypeError} for nodes that wait for each other, or for one that is not there
 */
export async function runGraph(
  nodes: ReadonlyMap<string, GraphNode>,
  { jobs = availableParallelism(), keepGoing, run, onSkipped, signal }: GraphOptions,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const results = new Map<string, boolean>();
  const waiting = new Set(nodes.keys());
  const running = new Map<string, Promise<void>>();
  const begin = async (key: string) => {
    const ok = await run(key, stop);
    results.set(key, ok);
    running.delete(key);
    if (!ok && !keepGoing) failure.abort(new Error("another task failed"));
  };
  while (waiting.size > 0 || running.size > 0) {
    const waited = waiting.size;
    for (const key of waiting) {
      const ends = (nodes.get(key)?.after ?? []).map((other) => results.get(other));
      if (ends.includes(false) || (stop.aborted && !ends.includes(undefined))) {
        waiting.delete(key);
        results.set(key, false);
        await onSkipped(key);
      } else if (!ends.includes(undefined) && running.size < jobs && !stop.aborted) {
        waiting.delete(key);
        running.set(key, begin(key));
      }
    }
    if (running.size > 0) await Promise.race(running.values());
    else if (waiting.size === waited) {
      throw new TypeError(`These never come to run: ${[...waiting].join(", ").replaceAll("\0", ":")}`);
    }
  }
}
