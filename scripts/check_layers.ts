import process from "node:process";
import { type ImportGraph, readImportGraph } from "./support/import_graph.ts";
import { type Layer, layers, type Recursion, recursions } from "./support/layers.ts";

/** The rules that a graph is held to; each has the project's own as its default. */
export interface LayerRules {
  layers?: readonly Layer[];
  recursions?: readonly Recursion[];
}

/**
 * What is wrong with the graph, one line each: forbidden arrows with their reason, then circles of files,
 * then circles of folders inside a layer. Type-only and lazy imports count like any other.
 */
export function layerProblems(graph: ImportGraph, options: LayerRules = {}): string[] {
  const { layers: rules = layers, recursions: allowed = recursions } = options;
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
  const found = circles(targetsOf(graph));
  for (const circle of found) {
    if (allowed.some(({ files }) => sameFiles(files, circle))) continue;
    problems.push(`These import each other in a circle: ${circle.join(", ")}`);
  }
  for (const { files } of allowed) {
    if (found.some((circle) => sameFiles(files, circle))) continue;
    problems.push(`scripts/support/layers.ts allows a circle that is gone, remove it: ${files.join(", ")}`);
  }
  for (const circle of circles(foldersOf(graph))) {
    problems.push(`These folders import each other in a circle: ${circle.join(", ")}`);
  }
  return problems;
}

function sameFiles(files: readonly string[], circle: readonly string[]): boolean {
  return [...files].sort().join() === circle.join();
}

/** Each node with the nodes it imports. */
type Targets = ReadonlyMap<string, readonly string[]>;

function targetsOf(graph: ImportGraph): Targets {
  return new Map([...graph].map(([from, edges]) => [from, edges.map(({ to }) => to)]));
}

/**
 * The folders inside the layers with the folders of the same layer that they import. Files directly in a
 * layer's folder belong to no inner folder: they may use every one of them, and be used by it.
 */
function foldersOf(graph: ImportGraph): Targets {
  const folders = new Map<string, Set<string>>();
  for (const [from, edges] of graph) {
    const folder = innerFolder(from);
    if (folder === undefined) continue;
    const targets = folders.get(folder) ?? new Set();
    folders.set(folder, targets);
    for (const { to } of edges) {
      const target = innerFolder(to);
      if (target !== undefined && target !== folder && layerName(to) === layerName(from)) targets.add(target);
    }
  }
  return new Map([...folders].map(([folder, targets]) => [folder, [...targets]]));
}

/** `src/tools/http/mirrors.ts` is in the inner folder `src/tools/http`. */
function innerFolder(path: string): string | undefined {
  return /^(src\/[^/]+\/[^/]+)\//.exec(path)?.[1];
}

/** `src/tools/…` is in the layer "tools", main.ts in "main"; a file elsewhere is in none. */
function layerName(path: string): string | undefined {
  if (path === "main.ts") return "main";
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Groups of nodes that can each reach all the others (Tarjan's strongly connected components). */
export function circles(graph: Targets): string[][] {
  const index = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];

  function visit(node: string): number {
    const own = index.size;
    index.set(node, own);
    stack.push(node);
    let lowest = own;
    const targets = graph.get(node) ?? [];
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
