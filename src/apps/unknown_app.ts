import { HaftError } from "../base/errors.ts";
import { didYouMean, nearestNames } from "../tools/versions/nearest.ts";

/** The error for a name that is no app's. @param known the names that are */
export function unknownApp(name: string, known: readonly string[]): HaftError {
  const next = known.length === 0
    ? `Declare it under [apps.${name}] in haft.toml, or start a command: haft app start ${name} -- COMMAND…`
    : didYouMean(nearestNames(name, [...known])) ?? `Apps there: ${known.join(", ")}`;
  return new HaftError(`App "${name}" not found`, { next });
}

/** The error for an instance that an app does not have. @param numbers those that it has */
export function unknownInstance(name: string, missing: number, numbers: readonly number[]): HaftError {
  const there = numbers.map((number) => `${name}:${number}`).join(", ");
  return new HaftError(`App "${name}" has no instance ${missing}`, {
    next: there === "" ? `Run "haft app start ${name}" first` : `There are ${there}`,
  });
}
