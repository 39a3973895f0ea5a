import { mustRun } from "../support/command.ts";
import { onCore } from "./background.ts";

/** What a client prints: microseconds of one round trip, and answers per second. */
export interface RoundTrips {
  p50: number;
  p99: number;
  perSecond: number;
}

/** Runs a client on a core and reads its one line. */
export async function measureClient(argv: readonly string[], core: number): Promise<RoundTrips> {
  const { stdout } = await mustRun(onCore(core, argv));
  return JSON.parse(stdout);
}

export interface Contender {
  name: string;
  run: () => Promise<RoundTrips>;
}

/**
 * Runs all contenders in turn, `rounds` times, every second time in the other order.
 *
 * @returns each one's value of each round
 */
export async function inTurn(
  rounds: number,
  contenders: readonly Contender[],
  of: keyof RoundTrips,
): Promise<Map<string, number[]>> {
  const seen = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      seen.get(name)?.push((await run())[of]);
    }
  }
  return seen;
}
