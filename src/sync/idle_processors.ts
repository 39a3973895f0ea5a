import { cpus } from "node:os";

interface Times {
  idle: number;
  total: number;
}

/** Of one processor's time; less is what every busy machine leaves over. */
const MUCH = 0.5;

/**
 * Tells whether at least half a processor was idle since the last call. Where the system does not say, they
 * always were.
 *
 * @param sample the milliseconds of all processors together, and how many those are
 */
export function watchProcessors(
  sample: () => Times & { count: number } = processorTimes,
): () => boolean {
  let last: Times = sample();
  return () => {
    const now = sample();
    const total = now.total - last.total;
    const idle = now.idle - last.idle;
    last = now;
    return total <= 0 || idle / total * now.count >= MUCH;
  };
}

function processorTimes(): Times & { count: number } {
  const processors = cpus();
  let idle = 0;
  let total = 0;
  for (const { times } of processors) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total, count: processors.length };
}
