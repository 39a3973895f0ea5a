/** What a package says of the Pythons that it runs on: `requires-python`, as PEP 440 writes it. */

const CLAUSE = /^(===|==|!=|<=|>=|~=|<|>)?\s*v?(\d+(?:\.\d+)*)(\.\*)?$/;

/** Whether a release of Python satisfies a `requires-python`; clauses that cannot be read are passed over. */
export function pythonSatisfies(requirement: string, python: string): boolean {
  const given = numbers(python);
  return requirement.split(",").map((clause) => CLAUSE.exec(clause.trim())).every((match) => {
    if (match === null) return true;
    const [, operator = "==", text = "", wildcard] = match;
    const wanted = numbers(text);
    const order = comparePythons(given, wanted);
    const inside = given.slice(0, wanted.length).join() === wanted.join();
    switch (operator) {
      case ">=":
        return order >= 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      case "<":
        return order < 0;
      case "!=":
        return wildcard === undefined ? order !== 0 : !inside;
      case "~=":
        return order >= 0 && given.slice(0, wanted.length - 1).join() === wanted.slice(0, -1).join();
      default:
        return wildcard === undefined ? order === 0 : inside;
    }
  });
}

/** Orders releases of Python, the older first. */
export function comparePythons(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The numbers of a release: 3.14.0rc1 counts as 3.14.0. */
export function numbers(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
}
