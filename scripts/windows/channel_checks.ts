import { type Check, type Counts, type Programs, report, reportSkipped } from "./checks.ts";
import { wine, wineEnds, WineProcess } from "./wine.ts";

interface CaseResult {
  name: string;
  ok: boolean;
  error?: string;
  skipped?: string;
}

/** Milliseconds for all of the transport's cases together. */
const CASES_MS = 90_000;
/** How many cases there are at least: fewer means that the program ended early. */
const FEWEST_CASES = 35;

/** Every promise of a local socket channel, both ends in one process. */
export async function runTransportCases(
  { runtime, argv }: Programs["peers"][number],
  lacking: readonly string[],
  counts: Counts,
): Promise<void> {
  const { code, output } = await wine([...argv, "cases"], {
    env: { HAFT_TEST_LACKING: lacking.join(",") },
    limitMs: CASES_MS,
  });
  const results = output.split("\n").filter((line) => line.startsWith("{")).map(parseResult);
  for (const { name, ok, error, skipped } of results) {
    if (skipped === undefined) report(counts, `${runtime}: ${name}`, ok ? undefined : error ?? "?");
    else reportSkipped(counts, { name: `${runtime}: ${name}`, skipped: `it needs ${skipped}` });
  }
  const whole = code === 0 && results.length >= FEWEST_CASES;
  report(
    counts,
    `${runtime}: all transport cases were run`,
    whole ? undefined : `exit code ${code}: ${output.slice(-500)}`,
  );
}

function parseResult(line: string): CaseResult {
  return JSON.parse(line) as CaseResult;
}

/** Two processes, on either runtime each. */
export function crossChecks({ peers }: Programs): Check[] {
  const pairs = peers.flatMap((server) => peers.map((client) => ({ server, client })));
  return pairs.flatMap(({ server, client }, index) => {
    const who = `${server.runtime} serves ${client.runtime}`;
    const path = (what: string) => `\\\\.\\pipe\\haft-check-${index}-${what}`;
    return [
      ...(["length", "lines"] as const).map((framing) => ({
        name: `${who}: messages of all sizes come back, framing ${framing}`,
        run: async () => {
          const serving = new WineProcess([...server.argv, "serve", path(framing)]);
          await serving.printed("ready");
          await wineEnds([...client.argv, "roundtrips", path(framing), framing], { code: 0, text: "done" });
          await endsWell(serving);
        },
      })),
      {
        name: `${who}: a client that is killed in the middle of a message is noticed`,
        run: async () => {
          const serving = new WineProcess([...server.argv, "serve", path("half")]);
          await serving.printed("ready");
          const half = new WineProcess([...client.argv, "half", path("half")]);
          await half.printed("half");
          await half.kill();
          await endsWell(serving);
        },
      },
      {
        name: `${who}: a server that is killed is noticed`,
        run: async () => {
          const serving = new WineProcess([...server.argv, "serve", path("dies")]);
          await serving.printed("ready");
          const waiting = new WineProcess([...client.argv, "echo", path("dies"), "length"]);
          await waiting.printed("connected");
          await serving.kill();
          await endsWell(waiting);
        },
      },
    ];
  });
}

async function endsWell(process: WineProcess): Promise<void> {
  const { code, output } = await process.ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${output}`);
}
