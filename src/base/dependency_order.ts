/** App → the apps that it waits for. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/** A circle in the dependencies, as the path that comes back to where it began: `a`, `b`, `a`. */
export function dependencyCycle(dependencies: Dependencies): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): string[] | undefined => {
    if (done.has(name)) return undefined;
    const at = path.indexOf(name);
    if (at !== -1) return [...path.slice(at), name];
    path.push(name);
    for (const other of dependencies.get(name) ?? []) {
      const cycle = visit(other);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of dependencies.keys()) {
    const cycle = visit(name);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** All circles, each once. */
export function dependencyCycles(dependencies: Dependencies): string[][] {
  const left = new Map(dependencies);
  const cycles: string[][] = [];
  for (let cycle = dependencyCycle(left); cycle !== undefined; cycle = dependencyCycle(left)) {
    cycles.push(cycle);
    // Without the step that closes it, the rest is searched for the others.
    const [closing, first] = cycle.slice(-2);
    if (closing === undefined) break;
    left.set(closing, (left.get(closing) ?? []).filter((name) => name !== first));
  }
  return cycles;
}

/**
 * The named apps and all that they wait for, each after those: the order to start in. Stopping goes the other
 * way round. There must be no circle.
 */
export function startOrder(names: Iterable<string>, dependencies: Dependencies): string[] {
  const order = new Set<string>();
  const visit = (name: string): void => {
    if (order.has(name)) return;
    for (const other of dependencies.get(name) ?? []) visit(other);
    order.add(name);
  };
  for (const name of names) visit(name);
  return [...order];
}

/** Those of the named that wait for this one, directly: they are stopped before it. */
export function dependents(name: string, names: readonly string[], dependencies: Dependencies): string[] {
  return names.filter((other) => other !== name && (dependencies.get(other) ?? []).includes(name));
}
