import process from "node:process";
import { type ImportGraph, readImportGraph } from "./support/import_graph.ts";
import { type Layer, layers } from "./support/layers.ts";

/** What is wrong with the graph, one line each: forbidden arrows with their reason, then circles. */
export function layerProblems(graph: ImportGraph, rules: readonly Layer[] = layers): string[] {
  const byName = new Map(rules.map((layer) => [layer.name, layer]));
  const problems: string[] = [];
  for (const [from, targets] of graph) {
    const layer = layerName(from);
    if (layer === undefined) continue;
    const rule = byName.get(layer);
    if (rule === undefined) {
      problems.push(`${from} is in no known layer: add "${layer}" to scripts/support/layers.ts`);
      continue;
    }
    for (const { to } of targets) {
      const target = layerName(to);
      if (target === layer) continue;
      if (target === undefined) {
        problems.push(`${from} imports ${to}: the program imports nothing from outside src/`);
      } else if (!rule.mayImport.includes(target)) {
        problems.push(`${from} imports ${to}: ${layer} may not import ${target}; ${rule.why}`);
      }
    }
  }
  for (const circle of circles(graph)) {
    problems.push(`These import each other in a circle: ${circle.join(", ")}`);
  }
  return problems;
}

/** `src/tools/…` is in the layer "tools", main.ts in "main"; a file elsewhere is in none. */
function layerName(path: string): string | undefined {
  if (path === "main.ts") return "main";
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/**
 * Groups of files that can each reach all the others (Tarjan's strongly connected components). A lazy import closes no
 * circle: the table of commands loads a command that may well look at the table.
 */
export function circles(graph: ImportGraph): string[][] {
  const index = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];

  function visit(node: string): number {
    const own = index.size;
    index.set(node, own);
    stack.push(node);
    let lowest = own;
    const targets = (graph.get(node) ?? []).filter(({ lazy }) => !lazy).map(({ to }) => to);
    for (const next of targets) {
      const seen = index.get(next);
      if (seen === undefined) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, seen);
    }
    if (lowest === own) {
      const group = stack.splice(stack.indexOf(node));
      if (group.length > 1 || targets.includes(node)) found.push(group.sort());
    }
    return lowest;
  }

  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

if (import.meta.main) {
  const graph = await readImportGraph();
  const problems = layerProblems(graph);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${graph.size} files, no forbidden import, no circle`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
