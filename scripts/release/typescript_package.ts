import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import settings from "../../deno.json" with { type: "json" };
import { deno, runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { json, writePackage } from "./npm_packages.ts";
import type { PackageFile } from "./package_files.ts";

/**
 * What turns sources into declarations, and new syntax into what the oldest supported Node understands, in
 * versions that were tried. The runtime code is made by Deno's bundler.
 */
const compiler = { "typescript": "5.9.3", "@types/node": "20.19.0", "esbuild": "0.28.1" };

/** The oldest Node that the package runs under; `using` came later. */
const OLDEST_NODE = "20.16.0";

/** The only library that the package's declarations name; the bundle keeps its imports. */
const dependencies = ["valibot"] as const;

/**
 * Writes `haft-haft-VERSION.tgz`: the exports of deno.json as JavaScript for Deno, Bun and Node, each
 * with its types.
 *
 * @returns its path
 */
export async function writeTypescriptPackage(
  { version, outDir }: { version: string; outDir: string },
): Promise<string> {
  const work = join(projectRoot, "dist", ".typescript");
  mkdirSync(work, { recursive: true });
  await installCompiler(work);
  const entries = Object.entries(settings.exports);
  const code = await bundleEntries(work, entries.map(([, source]) => source));
  const types = await declarations(work, entries.map(([, source]) => source));

  const manifest = {
    name: settings.name,
    version,
    description: "Channels between processes, and the typed client of haft's daemon",
    license: "MIT",
    type: "module",
    engines: { node: `>=${OLDEST_NODE}` },
    sideEffects: false,
    exports: Object.fromEntries(entries.map(([name, source]) => [name, {
      types: `./types/${source.replace("./src/", "").replace(/\.ts$/, ".d.ts")}`,
      default: `./lib/${entryName(source)}.js`,
    }])),
    dependencies: Object.fromEntries(dependencies.map((name) => [name, pinned(name)])),
  };
  const files: PackageFile[] = [
    { path: "package.json", content: json(manifest) },
    { path: "LICENSE", content: readFileSync(join(projectRoot, "LICENSE")) },
    { path: "README.md", content: readFileSync(join(projectRoot, "packaging", "typescript_readme.md")) },
    ...code.map((file) => ({ ...file, path: `lib/${file.path}` })),
    ...types.map((file) => ({ ...file, path: `types/${file.path}` })),
  ];
  return await writePackage(outDir, settings.name, version, files);
}

/** `./src/channel/mod.ts` is bundled as `channel.js`, any other file by its own name. */
function entryName(source: string): string {
  const name = basename(source, ".ts");
  return name === "mod" ? basename(dirname(source)) : name;
}

/** The version that deno.json pins. */
function pinned(name: string): string {
  const specifier = new Map(Object.entries(settings.imports)).get(name) ?? "";
  const version = /@(\d[^/]*)$/.exec(specifier)?.[1];
  if (version === undefined) throw new Error(`deno.json pins no version of ${name}`);
  return version;
}

async function installCompiler(work: string): Promise<void> {
  const wanted = json({ private: true, dependencies: { ...compiler, valibot: pinned("valibot") } });
  const manifest = join(work, "package.json");
  if (
    existsSync(manifest) && readFileSync(manifest, "utf8") === wanted &&
    existsSync(join(work, "node_modules"))
  ) {
    return;
  }
  writeFileSync(manifest, wanted);
  const argv = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { code, stderr } = await runCommand(argv, { cwd: work, output: "capture" });
  if (code !== 0) throw new Error(`Cannot install the TypeScript compiler:\n${stderr}`);
}

async function bundleEntries(work: string, sources: readonly string[]): Promise<PackageFile[]> {
  const entries = join(work, "entries");
  const out = join(work, "lib");
  for (const directory of [entries, out]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
  }
  // The bundler names its outputs after the entries, and two exports are a file called mod.ts.
  const files = sources.map((source) => {
    const entry = join(entries, `${entryName(source)}.ts`);
    writeFileSync(entry, `export * from ${JSON.stringify(relative(entries, join(projectRoot, source)))};\n`);
    return entry;
  });
  const external = ["bun:*", ...dependencies].map((name) => `--external=${name}`);
  const { code, stdout, stderr } = await runCommand(
    [
      deno,
      "bundle",
      "--quiet",
      "--platform=deno",
      ...external,
      "--code-splitting",
      "--outdir",
      out,
      ...files,
    ],
    { output: "capture" },
  );
  if (code !== 0) throw new Error(`deno bundle failed:\n${stdout}${stderr}`);
  await lowerSyntax(work, out);
  return filesBelow(out, (text) => text);
}

/** Rewrites the modules in place. */
async function lowerSyntax(work: string, directory: string): Promise<void> {
  const modules = readdirSync(directory).filter((name) => name.endsWith(".js")).map((name) =>
    join(directory, name)
  );
  const { code, stderr } = await runCommand([
    join(work, "node_modules", ".bin", "esbuild"),
    ...modules,
    `--target=node${OLDEST_NODE}`,
    "--format=esm",
    "--allow-overwrite",
    `--outdir=${directory}`,
    "--log-level=warning",
  ], { output: "capture" });
  if (code !== 0) throw new Error(`esbuild failed:\n${stderr}`);
}

async function declarations(work: string, sources: readonly string[]): Promise<PackageFile[]> {
  const out = join(work, "types");
  rmSync(out, { recursive: true, force: true });
  const config = {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024", "esnext", "dom"],
      module: "nodenext",
      strict: true,
      declaration: true,
      emitDeclarationOnly: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
      typeRoots: [join(work, "node_modules", "@types")],
      types: ["node"],
      rootDir: join(projectRoot, "src"),
      outDir: out,
    },
    files: [...sources.map((source) => join(projectRoot, source)), join(projectRoot, "src/types/bun.d.ts")],
  };
  writeFileSync(join(work, "tsconfig.json"), json(config));
  // It complains of the name `Deno`, whose types it does not have; the declarations do not depend on it.
  // `deno check` is the gate's business, and a test compiles a program against what comes out.
  await runCommand([deno, "run", "-A", join(work, "node_modules/typescript/bin/tsc"), "-p", work], {
    output: "capture",
  });
  const files = filesBelow(out, (text) => text.replaceAll(/(["']\.{1,2}\/[^"']*)\.ts(["'])/g, "$1.js$2"));
  if (files.length === 0) throw new Error("The TypeScript compiler wrote no declarations");
  return files;
}

function filesBelow(directory: string, edit: (text: string) => string): PackageFile[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({
      path: relative(directory, path).replaceAll("\\", "/"),
      content: edit(readFileSync(path, "utf8")),
    }));
}
