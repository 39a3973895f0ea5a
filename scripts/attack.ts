/**
 * Hostile checkouts against the built binary: what a stranger may put into a directory, used as somebody
 * would who has secrets at home. It counts secrets that reached the stranger's host, foreign code that ran,
 * files that changed outside, and more (scripts/attack/sights.ts); every count has to be zero, and every
 * control has to be seen.
 *
 *     deno run -A scripts/attack.ts [WORD…]
 *
 * Only cases whose name has one of the words are run. The last line is `N passed, M failed`.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "../tests/support/loopback_registry.ts";
import type { Attack } from "./attack/case.ts";
import { REGISTRY_TOKEN } from "./attack/canaries.ts";
import { KINDS } from "./attack/kinds.ts";
import { publishTools } from "./attack/packages.ts";
import type { Sight } from "./attack/sights.ts";
import { World } from "./attack/world.ts";
import { projectRoot } from "./support/project.ts";

interface Outcome {
  name: string;
  isControl: boolean;
  /** What was seen that may not be, or not seen that must be. */
  faults: { sight: Sight; what: string }[];
}

/** How many faults of one case are printed. */
const SHOWN = 5;

const haft = process.env["HAFT_TEST_BINARY"] ?? join(projectRoot, "dist", "haft");
const words = process.argv.slice(2);
const begun = performance.now();
await using registry = await LoopbackRegistry.start({ token: REGISTRY_TOKEN });
await publishTools(registry);
const queue = KINDS.flatMap(({ kind, attacks }) =>
  attacks.map((attack) => ({ attack, name: `${kind}: ${attack.name}` }))
).filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (queue.length === 0) throw new RangeError(`No case has ${words.join(" or ")} in its name`);
const outcomes: Outcome[] = [];
// Many cases wait for something: twice as many as there are cores keep these busy.
await Promise.all(Array.from({ length: 2 * availableParallelism() }, async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const outcome = await attempt(next.name, next.attack);
    outcomes.push(outcome);
    printFaults(outcome);
  }
}));
report(outcomes);

async function attempt(name: string, attack: Attack): Promise<Outcome> {
  await using world = await World.create(haft, registry);
  const isControl = attack.sees !== undefined;
  try {
    await attack.run(world);
  } catch (error) {
    return { name, isControl, faults: [{ sight: "answer", what: `the case itself failed: ${error}` }] };
  }
  const sights = world.sights();
  const faults = attack.sees === undefined
    ? sights.filter(({ sight }) => attack.allow?.includes(sight) !== true)
    : sights.some(({ sight }) => sight === attack.sees)
    ? []
    : [{ sight: attack.sees, what: "was not seen, so the cases of its kind prove nothing" }];
  return { name, isControl, faults };
}

function printFaults({ name, isControl, faults }: Outcome): void {
  if (faults.length === 0) return;
  console.log(`FAILED ${isControl ? "control " : ""}${name}`);
  for (const { sight, what } of faults.slice(0, SHOWN)) console.log(`  ${sight}: ${printable(what)}`);
  if (faults.length > SHOWN) console.log(`  and ${faults.length - SHOWN} more`);
}

function report(all: readonly Outcome[]): void {
  const failed = all.filter(({ faults }) => faults.length > 0);
  const cases = all.filter(({ isControl }) => !isControl);
  const count = (...sights: Sight[]) =>
    cases.filter(({ faults }) => faults.some(({ sight }) => sights.includes(sight))).length;
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(
    `${cases.length} cases, ${all.length - cases.length} controls in ${seconds} s; cases with secrets seen: ${
      count("canary")
    }, the stranger's host asked: ${count("contact")}, foreign code run: ${count("code", "command")}, ` +
      `writes outside: ${count("write")}, escapes on the terminal: ${count("escape")}, shadowing shims: ${
        count("shadow")
      }, loops: ${count("loop")}, files open to others: ${count("open")}, wrong answers: ${count("answer")}`,
  );
  console.log(`${all.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/** A report of escape sequences must not send them. */
function printable(text: string): string {
  return text.slice(0, 300).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
