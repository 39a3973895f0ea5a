import { HaftError } from "../base/errors.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";

const MOST_NAMES = 20;

/** The error for a name that is no app's. @param known the names that are */
export function unknownApp(name: string, known: readonly string[]): HaftError {
  const next = known.length === 0
    ? `Declare it under [apps.${name}] in haft.toml, or start a command: haft app start ${name} -- COMMAND…`
    : didYouMean(nearestNames(name, [...known])) ?? appsThere(known);
  return new HaftError(`App "${name}" not found`, { next });
}

/** `Apps there: api, web`; of many, the first ones and how many more there are. */
export function appsThere(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const rest = more > 0 ? ` and ${more} more; run "haft app list"` : "";
  return `Apps there: ${names.slice(0, MOST_NAMES).join(", ")}${rest}`;
}

/** The error for an instance that an app does not have. @param numbers those that it has */
export function unknownInstance(name: string, missing: number, numbers: readonly number[]): HaftError {
  const there = numbers.map((number) => `${name}:${number}`).join(", ");
  return new HaftError(`App "${name}" has no instance ${missing}`, {
    next: there === "" ? `Run "haft app start ${name}" first` : `There are ${there}`,
  });
}
