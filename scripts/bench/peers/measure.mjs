/**
 * What every peer's client does: COUNT calls with WINDOW of them in flight, then one line of JSON.
 *
 * @param {(count: number) => Promise<unknown>} ask sends one small request and resolves with its answer
 */
export async function measure(ask, { count, window }) {
  await ask();
  const times = [];
  let left = count;
  const begun = performance.now();
  await Promise.all(Array.from({ length: window }, async () => {
    while (left-- > 0) {
      const started = performance.now();
      await ask();
      times.push((performance.now() - started) * 1000);
    }
  }));
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), perSecond: count / seconds }));
  process.exit(0);
}

/** `serve SOCKET` or `call SOCKET COUNT WINDOW`. */
export function commandLine() {
  const [role, socket, count, window] = process.argv.slice(2);
  return { role, socket, count: Number(count), window: Number(window) };
}
