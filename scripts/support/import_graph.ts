import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { deno, runCommand } from "./command.ts";
import { projectRoot } from "./project.ts";

export interface ImportEdge {
  /** The imported file, from the project's root. */
  to: string;
  /** Imported by `import()` alone, when it is needed. */
  lazy: boolean;
}

/**
 * Our own files by path from the project's root, each with our own files that it imports (types included).
 */
export type ImportGraph = ReadonlyMap<string, readonly ImportEdge[]>;

/** Reads the graph of main.ts and all of src/ as Deno's own resolver sees it. */
export async function readImportGraph(root: string = projectRoot): Promise<ImportGraph> {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => join(root, "src", path));
  const scratch = mkdtempSync(join(tmpdir(), "haft-graph-"));
  try {
    const entry = join(scratch, "entry.ts");
    const files = [join(root, "main.ts"), ...sources];
    writeFileSync(
      entry,
      files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};\n`).join(""),
    );
    const argv = [deno, "info", "--json", "--config", join(root, "deno.json"), entry];
    const { code, stdout, stderr } = await runCommand(argv, { output: "capture", cwd: root });
    if (code !== 0) throw new Error(`deno info failed: ${stderr}`);
    return parseImportGraph(JSON.parse(stdout), root);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

interface Resolved {
  specifier?: string;
  error?: string;
}

interface GraphJson {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: { specifier: string; isDynamic?: boolean; code?: Resolved; type?: Resolved }[];
  }[];
}

/** @throws {Error} naming the import that leads nowhere. */
export function parseImportGraph(json: GraphJson, root: string): ImportGraph {
  const graph = new Map<string, ImportEdge[]>();
  for (const module of json.modules) {
    const from = ownPath(module.specifier, root);
    if (from === undefined) continue;
    if (module.error !== undefined) throw new Error(`Cannot read ${from}: ${module.error}`);
    const targets = new Map<string, boolean>();
    for (const { specifier, isDynamic = false, code, type } of module.dependencies ?? []) {
      for (const resolved of [code, type]) {
        if (resolved?.error !== undefined) {
          throw new Error(`${from} imports ${JSON.stringify(specifier)}: ${resolved.error}`);
        }
        const to = resolved?.specifier === undefined ? undefined : ownPath(resolved.specifier, root);
        if (to !== undefined) targets.set(to, (targets.get(to) ?? true) && isDynamic);
      }
    }
    graph.set(from, [...targets].map(([to, lazy]) => ({ to, lazy })).sort((a, b) => a.to < b.to ? -1 : 1));
  }
  return graph;
}

function ownPath(specifier: string, root: string): string | undefined {
  if (!specifier.startsWith("file:")) return undefined;
  const path = relative(root, fileURLToPath(specifier)).replaceAll("\\", "/");
  const ours = !path.startsWith("../") && !path.startsWith("node_modules/");
  return ours && path.endsWith(".ts") && !path.endsWith(".d.ts") ? path : undefined;
}
