import { HaftError } from "../base/errors.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";

/** The error for a name that is no app's. @param known the names that are */
export function unknownApp(name: string, known: readonly string[]): HaftError {
  const next = known.length === 0
    ? "Its haft.toml has no [apps]"
    : didYouMean(nearestNames(name, [...known])) ?? `Apps there: ${known.join(", ")}`;
  return new HaftError(`App "${name}" not found`, { next });
}
