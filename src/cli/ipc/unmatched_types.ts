import { compileTypeGlobs } from "../../hub/event_filter.ts";
import { EVENTS } from "../../protocol/events.ts";
import { METHODS } from "../../protocol/methods/mod.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import type { Context } from "../command.ts";

/** Warns of each type for which a subscriber would wait in vain. Another build's daemon may know more. */
export async function warnOfUnmatched(
  types: readonly string[],
  { stderr }: Pick<Context, "stderr">,
): Promise<void> {
  for (const type of types) {
    const text = unmatchedType(type);
    if (text !== undefined) await stderr.write(`Warning: ${text}\n`);
  }
}

/** Why no event that haft or its clients publish matches the pattern, with the next step; else undefined. */
export function unmatchedType(glob: string): string | undefined {
  const segments = glob.split(".");
  // The daemon refuses it, with the reason.
  if (segments.includes("") || canMatch(glob)) return undefined;
  const what = Object.hasOwn(METHODS, glob)
    ? `"${glob}" is a method, not an event`
    : `No event matches "${glob}"`;
  return `${what}\n  ${nextStep(segments)}`;
}

function nextStep([group = "", ...rest]: readonly string[]): string {
  const names = Object.keys(EVENTS);
  const glob = [group, ...rest].join(".");
  const ofGroup = names.filter((name) => name.startsWith(`${group}.`));
  if (ofGroup.length > 0) {
    const word = rest.at(-1) ?? "";
    const longer = ofGroup.filter((name) => word.length > 2 && name.endsWith(`_${word}`));
    return didYouMean(longer.length > 0 ? longer : nearestNames(glob, ofGroup)) ??
      `Events of "${group}": ${ofGroup.join(", ")}`;
  }
  const groups = [...new Set(names.map((name) => name.slice(0, name.indexOf("."))))].sort();
  const near = nearestNames(group, [...groups, "user"]).map((one) => [one, ...rest].join("."));
  return didYouMean(near.filter(canMatch)) ??
    `Events are called ${groups.map((one) => `${one}.*`).join(", ")}, and those of clients user.*`;
}

/** Whether the pattern matches an event of the daemon's, or one that a client may publish. */
function canMatch(glob: string): boolean {
  if (Object.keys(EVENTS).some(compileTypeGlobs([glob]))) return true;
  const [first = "", ...rest] = glob.split(".");
  return rest.length > 0 && compileTypeGlobs([first])("user") &&
    rest.every((segment) => /^[\w*-]+$/.test(segment));
}
