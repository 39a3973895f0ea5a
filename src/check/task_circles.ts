/** Circles of tasks through other projects: `//packages/web:build`, and names of the projects above. */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { dependencyCycles } from "../base/dependency_order.ts";
import { taskNamed } from "../tasks/task_named.ts";
import type { TaskConfig } from "../tasks/task_schema.ts";
import type { ManifestProblem } from "../tools/manifest/manifest_problem.ts";
import { MANIFEST_NAME } from "../tools/project/manifests.ts";

type Tasks = ReadonlyMap<string, TaskConfig>;

interface Node {
  manifest: string;
  name: string;
  /** Key → the word of `depends` or `depends_post` that leads there. */
  steps: Map<string, string>;
}

/** @param read the tasks of another manifest, as far as they can be read */
export function circlesAcross(
  tasks: Tasks,
  manifest: string,
  read: (path: string) => Tasks,
): ManifestProblem[] {
  const top = outermost(dirname(manifest));
  const nodes = reachable(tasks, { manifest, top, read });
  const cycles = dependencyCycles(new Map([...nodes].map(([key, { steps }]) => [key, [...steps.keys()]])));
  return cycles.flatMap((cycle) => {
    const own = cycle.findIndex((key) => nodes.get(key)?.manifest === manifest);
    const words = cycle.slice(0, -1).map((key, index) =>
      nodes.get(key)?.steps.get(cycle[index + 1] ?? "") ?? ""
    );
    const isAcross = cycle.some((key) => nodes.get(key)?.manifest !== manifest);
    if (own === -1 || !isAcross && !words.some((word) => word.startsWith("//"))) return [];
    const round = [...cycle.slice(own, -1), ...cycle.slice(0, own + 1)];
    const labels = round.map((key) => label(nodes.get(key), { manifest, top }));
    const { name = "" } = nodes.get(round[0] ?? "") ?? {};
    const first = words[own] ?? "";
    return [{
      keys: ["tasks", name, tasks.get(name)?.depends.includes(first) === true ? "depends" : "depends_post"],
      message: `tasks depend on each other in a circle: ${labels.join(" → ")}`,
      next: "Take one of these depends or depends_post away",
    }];
  });
}

function reachable(
  tasks: Tasks,
  { manifest, top, read }: { manifest: string; top: string; read: (path: string) => Tasks },
): Map<string, Node> {
  const known = new Map([[manifest, tasks]]);
  const tasksOf = (path: string) => known.get(path) ?? new Map<string, TaskConfig>();
  const nodes = new Map<string, Node>();
  const left: [path: string, name: string][] = [...tasks.keys()].map((name) => [manifest, name]);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [path, name] = next;
    const config = tasksOf(path).get(name);
    if (config === undefined || nodes.has(keyOf(path, name))) continue;
    const steps = new Map<string, string>();
    nodes.set(keyOf(path, name), { manifest: path, name, steps });
    for (const word of [...config.depends, ...config.depends_post]) {
      const [, directory, named = word] = /^\/\/([^:]*):(.+)$/.exec(word) ?? [];
      const others = directory === undefined ? around(path, top) : [join(top, directory, MANIFEST_NAME)];
      for (const other of others) {
        if (!known.has(other)) known.set(other, read(other));
        const found = taskNamed(tasksOf(other), named);
        if (found === undefined) continue;
        steps.set(keyOf(other, found.name), word);
        left.push([other, found.name]);
        break;
      }
    }
  }
  return nodes;
}

/** The manifest, then those of the directories above it. */
function around(manifest: string, top: string): string[] {
  const paths = [manifest];
  for (let at = dirname(manifest); at !== top && dirname(at) !== at;) {
    at = dirname(at);
    paths.push(join(at, MANIFEST_NAME));
  }
  return paths;
}

function keyOf(path: string, name: string): string {
  return `${path}\0${name}`;
}

function label(node: Node | undefined, { manifest, top }: { manifest: string; top: string }): string {
  if (node === undefined) return "";
  return node.manifest === manifest ? node.name : `//${relative(top, dirname(node.manifest))}:${node.name}`;
}

/** The directory of the highest haft.toml around. */
function outermost(directory: string): string {
  let top = directory;
  for (let at = directory; dirname(at) !== at;) {
    at = dirname(at);
    if (existsSync(join(at, MANIFEST_NAME))) top = at;
  }
  return top;
}
