import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";
import type { Target } from "../support/targets.ts";
import { npmExecutable, type NpmPlatform, npmPlatform } from "./npm_platforms.ts";
import { type PackageFile, tarGzOf, writeOut } from "./package_files.ts";

const about = {
  description: "One handle for a project's tools, processes and tasks",
  license: "MIT",
  keywords: ["version-manager", "process-manager", "task-runner", "daemon", "ipc"],
};

export interface PlatformBinary {
  target: Target;
  /** The executable's file. */
  path: string;
}

export interface NpmOptions {
  version: string;
  /** Each platform that was built; the main package names them all as optional dependencies. */
  binaries: readonly PlatformBinary[];
  /** Every platform there is a package for: `optionalDependencies` names these. */
  targets: readonly Target[];
  /** Manual pages by file name (`haft.1`). */
  manuals: ReadonlyMap<string, string>;
  /** Completion scripts, which a shell's start-up file or a packager takes from here. */
  completions: readonly PackageFile[];
  outDir: string;
}

/**
 * Writes `haft-VERSION.tgz` and one package for each binary, as `npm install` takes them.
 *
 * @returns their paths, the platforms' first: a registry must have those before the package that names them
 */
export async function writeNpmPackages(options: NpmOptions): Promise<string[]> {
  const { version, binaries, outDir } = options;
  const written: string[] = [];
  for (const { target, path } of binaries) {
    const platform = npmPlatform(target);
    const files = platformPackage(platform, version, readFileSync(path));
    written.push(await writePackage(outDir, platform.name, version, files));
  }
  written.push(await writePackage(outDir, "haft", version, mainPackage(options)));
  return written;
}

function platformPackage(platform: NpmPlatform, version: string, executable: Uint8Array): PackageFile[] {
  const { name, os, cpu, libc } = platform;
  const file = npmExecutable(platform);
  const manifest = {
    name,
    version,
    ...about,
    description: `The executable of haft for ${name.slice("@haft/".length)}`,
    os: [os],
    cpu: [cpu],
    ...libc === undefined ? {} : { libc: [libc] },
    preferUnplugged: true,
    // npm's launchers for Windows run an .exe directly but need a shell for a script: there this package is
    // the one to install. Elsewhere "haft" brings the command.
    ...os === "win32" ? { bin: { haft: file } } : {},
  };
  return [
    { path: "package.json", content: json(manifest) },
    { path: "LICENSE", content: projectFile("LICENSE") },
    {
      path: "README.md",
      content: `# ${name}\n\n${manifest.description}. Install \`haft\`, which brings it.\n`,
    },
    { path: file, content: executable, executable: true },
  ];
}

function mainPackage({ version, targets, manuals, completions }: NpmOptions): PackageFile[] {
  const platforms = targets.map((target) => npmPlatform(target).name);
  const manifest = {
    name: "haft",
    version,
    ...about,
    bin: { haft: "bin/haft" },
    ...manuals.size === 0 ? {} : { man: [...manuals.keys()].map((name) => `./man/${name}`) },
    scripts: { postinstall: "node postinstall.cjs" },
    optionalDependencies: Object.fromEntries(platforms.map((name) => [name, version])),
    preferUnplugged: true,
  };
  return [
    { path: "package.json", content: json(manifest) },
    { path: "LICENSE", content: projectFile("LICENSE") },
    { path: "README.md", content: projectFile("README.md") },
    { path: "bin/haft", content: projectFile("packaging/npm_launcher.sh"), executable: true },
    { path: "postinstall.cjs", content: projectFile("packaging/npm_postinstall.cjs") },
    ...[...manuals].map(([name, content]) => ({ path: `man/${name}`, content })),
    ...completions,
  ];
}

/** A tarball as `npm pack` makes it: everything below `package/`. */
export async function writePackage(
  outDir: string,
  name: string,
  version: string,
  files: readonly PackageFile[],
): Promise<string> {
  const path = join(outDir, `${name.replace("@", "").replaceAll("/", "-")}-${version}.tgz`);
  writeOut(path, await tarGzOf(files.map((file) => ({ ...file, path: `package/${file.path}` }))));
  return path;
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function projectFile(path: string): Uint8Array {
  return readFileSync(join(projectRoot, path));
}
