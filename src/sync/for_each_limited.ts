/**
 * Runs `work` for every item, at most `limit` at a time, in order of their start. When the signal is aborted
 * no more are begun; those under way are waited for. A rejection stops the start of more and is thrown when
 * the others have ended.
 */
export async function forEachLimited<T>(
  items: readonly T[],
  { limit, signal }: { limit: number; signal?: AbortSignal },
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    for (const item of queue) {
      if (failure !== undefined || signal?.aborted === true) return;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, worker));
  if (failure !== undefined) throw failure.error;
}
