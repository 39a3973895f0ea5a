import type { Plugin } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import settings from "../../deno.json" with { type: "json" };
import { projectRoot } from "../support/project.ts";

export const EXTENSION: string = join(projectRoot, "clients", "vscode");

/** What Deno and Bun have, and VS Code's Node does not: esbuild rewrites syntax alone. */
const UNKNOWN =
  /\b(?:Async)?DisposableStack\b|\b(?:Map|Object)\.groupBy\b|\bArray\.fromAsync\b|\bPromise\.try\b/;

/** The extension as one file for VS Code's Node 20, which does not know `using` yet. */
export async function bundleExtension(outfile: string): Promise<void> {
  const { build, stop } = await import("esbuild");
  await build({
    entryPoints: [join(EXTENSION, "src", "extension.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minify: true,
    external: ["vscode", "bun:*"],
    plugins: [haftSources()],
    logLevel: "warning",
    absWorkingDir: projectRoot,
  });
  await stop();
  const [unknown] = UNKNOWN.exec(readFileSync(outfile, "utf8")) ?? [];
  if (unknown !== undefined) {
    throw new Error(`VS Code's Node does not have ${unknown}, which ${outfile} uses`);
  }
}

/** Names of deno.json's import map, and the runtime seam, which Node's part takes. */
function haftSources(): Plugin {
  const names = new Map(
    Object.entries(settings.imports).map(([name, to]) => [name, to.replace(/^npm:(@?[^@]+)@[^/]+/, "$1")]),
  );
  return {
    name: "haft",
    setup(build) {
      build.onResolve({ filter: /\/runtime\/mod\.ts$|^\.\/mod\.ts$/ }, ({ path, importer }) => {
        const seam = path.endsWith("runtime/mod.ts") || importer.includes("/src/runtime/");
        return seam ? { path: join(EXTENSION, "src", "node_runtime.ts") } : undefined;
      });
      build.onResolve({ filter: /^[@a-z]/ }, async ({ path, pluginData, ...rest }) => {
        const to = names.get(path);
        if (to === undefined || to === path || path === "vscode" || pluginData === "mapped") return undefined;
        return await build.resolve(to, { ...rest, pluginData: "mapped" });
      });
    },
  };
}
