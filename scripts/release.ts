import { parseArgs } from "@std/cli/parse-args";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import settings from "../deno.json" with { type: "json" };
import { writeArchives, writeChecksums, writeInstallers } from "./release/archives.ts";
import { writeCiTemplates } from "./release/ci_templates.ts";
import { completionFiles } from "./release/completion_files.ts";
import { components, cycloneDx, thirdPartyLicences } from "./release/licences.ts";
import { manuals } from "./release/manuals.ts";
import { type PlatformBinary, writeNpmPackages } from "./release/npm_packages.ts";
import { type PackageFile, writeOut } from "./release/package_files.ts";
import { writePythonPackage } from "./release/python_package.ts";
import { readSigningKey, type SigningKey } from "./release/sign.ts";
import { writeTypescriptPackage } from "./release/typescript_package.ts";
import { build } from "./build.ts";
import { runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";
import { type Target, targetNamed, targets } from "./support/targets.ts";

const parts = ["npm", "archives", "python"] as const;
type Part = typeof parts[number];

const usage = `Usage: deno task release [OPTIONS]

Makes everything that is published, from this checkout:
  dist/npm      tarballs that "npm install" takes: haft, its platforms' executables, and @haft/haft for TypeScript
  dist/python   wheel and sdist of haft-ipc for Python
  dist/release  archives, SHA256SUMS with its signature, install.sh and install.ps1, sbom.cdx.json,
                templates for GitLab, Docker and devcontainers

  --platform NAME  only this platform (may be repeated): ${targets.map(({ name }) => name).join(", ")}
  --only PART      npm, archives or python
  --no-xz          leave the .tar.xz archives out, which take a minute or two each

  HAFT_SIGNING_KEY    a secret key of minisign's without a password (minisign -G -W): its content or its path.
                      Without one the release is not signed, and "haft self update" refuses it
  HAFT_RELEASES_URL   where the release will be; install.sh and "haft self update" look there`;

/**
 * The address that a build looks at when HAFT_RELEASES_URL named none: a name that never resolves (RFC 6761).
 */
const noReleases = "https://releases.invalid/haft";

async function main(): Promise<void> {
  const args = parseArgs(process.argv.slice(2), {
    boolean: ["help", "xz"],
    negatable: ["xz"],
    default: { xz: true },
    string: ["platform", "only"],
    collect: ["platform"],
    unknown: (name) => {
      throw new RangeError(`Unknown argument ${name}\n\n${usage}`);
    },
  });
  if (args.help === true) return console.log(usage);
  const only = args.only === undefined ? undefined : partNamed(String(args.only));
  const named = (args.platform as unknown as string[]).map((name) => targetNamed(name));
  await release({
    targets: named.length === 0 ? targets : named,
    parts: only === undefined ? parts : [only],
    xz: args.xz === true,
  });
}

function partNamed(name: string): Part {
  const part = parts.find((known) => known === name);
  if (part === undefined) throw new RangeError(`--only takes ${parts.join(" or ")}, not "${name}"`);
  return part;
}

interface ReleaseOptions {
  targets: readonly Target[];
  parts: readonly Part[];
  xz: boolean;
}

async function release(options: ReleaseOptions): Promise<void> {
  const started = performance.now();
  const { version } = settings;
  const secret = process.env["HAFT_SIGNING_KEY"];
  const key = secret === undefined || secret === "" ? undefined : readSigningKey(secret);
  const releasesUrl = process.env["HAFT_RELEASES_URL"] ?? noReleases;

  const date = await commitDate();
  const binaries: PlatformBinary[] = [];
  const needsBinaries = options.parts.some((part) => part !== "python");
  for (const target of needsBinaries ? options.targets : []) {
    const { path } = await build({ target, release: { url: releasesUrl, publicKey: key?.publicKey ?? "" } });
    binaries.push({ target, path });
  }
  const written: string[] = [];
  if (options.parts.includes("npm")) {
    const outDir = fresh("npm");
    const pages = await manuals({ version, date });
    written.push(
      ...await writeNpmPackages({
        version,
        binaries,
        targets,
        manuals: pages,
        completions: completionFiles(),
        outDir,
      }),
    );
    written.push(await writeTypescriptPackage({ version, outDir }));
  }
  if (options.parts.includes("archives")) {
    written.push(...await archives({ version, date, binaries, key, releasesUrl, xz: options.xz }));
  }
  if (options.parts.includes("python")) {
    written.push(...await writePythonPackage({ version, outDir: fresh("python") }));
  }
  for (const path of written) {
    console.log(
      `${relative(projectRoot, path).padEnd(52)} ${(statSync(path).size / 1e6).toFixed(2).padStart(7)} MB`,
    );
  }
  if (key === undefined && needsBinaries) console.log("not signed: HAFT_SIGNING_KEY is not set");
  console.log(`haft ${version}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

interface Archives {
  version: string;
  date: string;
  binaries: readonly PlatformBinary[];
  key: SigningKey | undefined;
  releasesUrl: string;
  xz: boolean;
}

async function archives({ version, date, binaries, key, releasesUrl, xz }: Archives): Promise<string[]> {
  const outDir = fresh("release");
  const found = await components();
  const bunVersion = lockedBun();
  const extras: PackageFile[] = [
    { path: "LICENSE", content: readFileSync(join(projectRoot, "LICENSE")) },
    { path: "README.md", content: readFileSync(join(projectRoot, "README.md")) },
    { path: "THIRD_PARTY_LICENSES", content: thirdPartyLicences(found, bunVersion) },
    ...completionFiles(),
  ];
  const pages = await manuals({ version, date });
  const manualFiles = [...pages].map(([name, content]) => ({ path: `man/man1/${name}`, content }));
  const paths = await writeArchives({ version, binaries, extras, manuals: manualFiles, xz, outDir });
  const bom = join(outDir, "sbom.cdx.json");
  writeOut(bom, cycloneDx(found, version, bunVersion));
  const sums = writeChecksums([...paths, bom], { version, outDir, key });
  const publicKey = key?.publicKey ?? "";
  const facts = { version, releasesUrl, publicKey, sums };
  const texts = [...writeInstallers(facts, outDir), ...await writeCiTemplates(facts, outDir)];
  return [...paths, bom, join(outDir, "SHA256SUMS"), ...texts];
}

/** The day of the commit, as `YYYY-MM-DD`: manual pages name it, and two builds of one commit are alike. */
async function commitDate(): Promise<string> {
  const git = ["git", "-C", projectRoot, "log", "-1", "--format=%cs"];
  const { code, stdout, stderr } = await runCommand(git, { output: "capture" });
  if (code !== 0) throw new Error(`A release is made from a commit: ${stderr.trim()}`);
  return stdout.trim();
}

function lockedBun(): string {
  const version = /^bun = "([^"]+)"/m.exec(readFileSync(join(projectRoot, "haft.toml"), "utf8"))?.[1];
  if (version === undefined) throw new Error("haft.toml pins no bun");
  return version;
}

function fresh(name: string): string {
  const directory = join(projectRoot, "dist", basename(name));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return directory;
}

if (import.meta.main) await main();
