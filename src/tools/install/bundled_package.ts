/**
 * A package that brings all its dependencies along, such as npm itself, or that has none: it is unpacked like
 * a native tool, and its tarball's integrity covers all of it. No package manager has a part in it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import type { TreeWriter } from "../archive/tree_writer.ts";
import type { PackageIntegrity } from "../sources/source.ts";
import type { InstallDeps } from "./install_deps.ts";
import { type StagedTree, stageTree } from "./install_native.ts";
import { packageBin } from "./package_bin.ts";
import { linkScript, writeTextFile } from "./script_link.ts";

/** The root package of the tool, as haft.lock has it. */
export interface BundledRoot {
  name: string;
  version: string;
  integrity: string;
  /** The lock of its dependencies, for a project that has one. */
  lock: string | undefined;
}

/** Whether a package says that its tarball holds all that it needs. */
export function saysItIsWhole(manifest: PackageIntegrity): boolean {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const bundle = manifest.bundleDependencies ?? manifest.bundledDependencies ?? false;
  if (Object.keys(peerDependencies).length > 0) return false;
  const needed = Object.keys({ ...dependencies, ...optionalDependencies });
  return bundle === true || needed.every((name) => bundle !== false && bundle.includes(name));
}

/**
 * Unpacks such a package into the tree that Bun would make: `node_modules/NAME`, links to its executables,
 * and a lock that names it alone. Nothing is left out of it yet.
 *
 * @throws {HaftError} when the tarball lacks a dependency that it claims to bring
 */
export async function stageBundledPackage(
  config: InstallConfig,
  root: BundledRoot,
  context: { deps: InstallDeps; installation: string },
): Promise<StagedTree & { dependenciesLock: string }> {
  const below = `node_modules/${root.name}`;
  const artifacts = config.artifacts.map((planned) => ({ ...planned, into: below }));
  let dependenciesLock = "";
  const contents = {
    complete: async (writer: TreeWriter) => {
      requireBundle(config, join(writer.root, below));
      const bin = executables(writer.root, below);
      dependenciesLock = root.lock ?? lockOf(root, bin, below);
      for (const [name, script] of Object.entries(bin)) {
        await linkScript(writer, { link: `node_modules/.bin/${name}`, script });
      }
      const manifest = { private: true, dependencies: { [root.name]: root.version } };
      await writeTextFile(writer, "package.json", `${JSON.stringify(manifest, null, 2)}\n`);
      await writeTextFile(writer, "bun.lock", dependenciesLock);
    },
    executables: (path: string) => Promise.resolve(executables(path, below)),
  };
  const tree = await stageTree({ ...config, artifacts, exclude: [] }, { ...context, contents });
  return { ...tree, dependenciesLock, [Symbol.dispose]: () => tree[Symbol.dispose]() };
}

const Needs = v.looseObject({
  name: v.string(),
  dependencies: v.fallback(v.optional(v.record(v.string(), v.string()), {}), {}),
});

/** No package manager would fetch what a package claims to bring along, so the tool could never run. */
function requireBundle(config: InstallConfig, directory: string): void {
  const { dependencies } = v.parse(Needs, JSON.parse(readTextFile(join(directory, "package.json"))));
  const missing = Object.keys(dependencies).find((name) =>
    !existsSync(join(directory, "node_modules", name))
  );
  if (missing === undefined) return;
  throw new HaftError(
    `"${config.tool_name}" ${config.version} lacks "${missing}", which its archive claims to bring along`,
    { next: "Choose another version" },
  );
}

function executables(root: string, below: string): Record<string, string> {
  return packageBin(readFileSync(join(root, below, "package.json"), "utf8"), { below });
}

/** As Bun writes it for a package without dependencies. */
function lockOf(
  { name, version, integrity }: BundledRoot,
  bin: Readonly<Record<string, string>>,
  below: string,
): string {
  const own = Object.fromEntries(
    Object.entries(bin).map(([executable, path]) => [executable, path.slice(below.length + 1)]),
  );
  return `{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "dependencies": {
        ${JSON.stringify(name)}: ${JSON.stringify(version)},
      },
    },
  },
  "packages": {
    ${JSON.stringify(name)}: [${JSON.stringify(`${name}@${version}`)}, "", ${JSON.stringify({ bin: own })}, ${
    JSON.stringify(integrity)
  }],
  }
}
`;
}
