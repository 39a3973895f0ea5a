import { runCommand } from "../support/command.ts";
import { onCore } from "./background.ts";
import { digits, median } from "./support.ts";

/** What a client prints: microseconds of one round trip, and answers per second. */
export interface RoundTrips {
  p50: number;
  p99: number;
  perSecond: number;
}

/** Runs a client on a core and reads its one line. */
export async function measureClient(argv: readonly string[], core: number): Promise<RoundTrips> {
  const { code, stdout, stderr } = await runCommand(onCore(core, argv), { output: "capture" });
  if (code !== 0) throw new Error(`${argv.slice(0, 4).join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

export interface Contender {
  name: string;
  run: () => Promise<RoundTrips>;
}

/**
 * Runs all contenders in turn, `rounds` times, every second time in the other order; gives each one's
 * medians.
 */
export async function inTurn(
  rounds: number,
  contenders: readonly Contender[],
): Promise<Map<string, RoundTrips>> {
  const seen = new Map(contenders.map(({ name }) => [name, [] as RoundTrips[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      seen.get(name)?.push(await run());
    }
  }
  return new Map([...seen].map(([name, all]) => [name, {
    p50: median(all.map(({ p50 }) => p50)),
    p99: median(all.map(({ p99 }) => p99)),
    perSecond: median(all.map(({ perSecond }) => perSecond)),
  }]));
}

/** A Markdown table of round trips, with the ratio of each p50 to the first row's. */
export function printRoundTrips(title: string, results: ReadonlyMap<string, RoundTrips>): void {
  const [first] = results.values();
  console.log(`\n| ${title} | p50 µs | p99 µs | p50 to the first |\n| --- | --- | --- | --- |`);
  for (const [name, { p50, p99 }] of results) {
    console.log(`| ${name} | ${digits(p50)} | ${digits(p99)} | ${(p50 / (first?.p50 ?? NaN)).toFixed(2)} |`);
  }
}

/** A Markdown table of answers per second, with the ratio of each to the first row's. */
export function printRates(title: string, results: ReadonlyMap<string, RoundTrips>): void {
  const [first] = results.values();
  console.log(`\n| ${title} | per second | to the first |\n| --- | --- | --- |`);
  for (const [name, { perSecond }] of results) {
    const ratio = perSecond / (first?.perSecond ?? NaN);
    console.log(`| ${name} | ${Math.round(perSecond).toLocaleString("en")} | ${ratio.toFixed(2)} |`);
  }
}
