import { zipSync } from "fflate";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fillIn, type ReleaseFacts } from "./fill_in.ts";
import type { PlatformBinary } from "./npm_packages.ts";
import { type PackageFile, tarGzOf, tarOf, writeOut } from "./package_files.ts";
import { signatureOf, type SigningKey } from "./sign.ts";

export interface ArchiveOptions {
  version: string;
  binaries: readonly PlatformBinary[];
  /** What is in every archive besides the executable: licences, completions. */
  extras: readonly PackageFile[];
  /** Manual pages, for every system but Windows. */
  manuals: readonly PackageFile[];
  /** Make `.tar.xz`, too: a quarter smaller, by the `xz` of this machine, in one to two minutes each. */
  xz: boolean;
  outDir: string;
}

/**
 * One archive a platform: `haft-VERSION-TARGET.tar.gz`, the same as `.tar.xz` on request, and a `.zip` for
 * Windows.
 *
 * @returns the paths
 */
export async function writeArchives(options: ArchiveOptions): Promise<string[]> {
  const { version, binaries, extras, manuals, xz, outDir } = options;
  const written: string[] = [];
  for (const { target, path } of binaries) {
    const windows = target.name.startsWith("windows");
    const name = `haft-${version}-${target.name}`;
    const executable = { path: windows ? "haft.exe" : "haft", content: readFileSync(path), executable: true };
    const own = windows ? extras : [...extras, ...manuals];
    const files = [executable, ...own].map((file) => ({ ...file, path: `${name}/${file.path}` }));
    if (windows) {
      written.push(writeFile(join(outDir, `${name}.zip`), zipOf(files)));
      continue;
    }
    written.push(writeFile(join(outDir, `${name}.tar.gz`), await tarGzOf(files)));
    if (!xz) continue;
    writeXz(join(outDir, `${name}.tar.xz`), await tarOf(files));
    written.push(join(outDir, `${name}.tar.xz`));
  }
  return written;
}

function writeFile(path: string, content: Uint8Array): string {
  writeOut(path, content);
  return path;
}

/** Dates in a zip are local times from 1980 on; a fixed one, so that two builds are alike. */
const zipTime = new Date(1985, 9, 26, 8, 15);

function zipOf(files: readonly PackageFile[]): Uint8Array {
  const entries = files.map(({ path, content }) =>
    [path, typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content)] as const
  );
  return zipSync(Object.fromEntries(entries), { level: 9, mtime: zipTime });
}

/** Compresses `tar` to `path`. `-T2` decides where blocks end, so it is the same number on every machine. */
function writeXz(path: string, tar: Uint8Array): void {
  const uncompressed = path.slice(0, -".xz".length);
  writeFileSync(uncompressed, tar);
  const { status, error } = spawnSync("xz", ["-6", "-T2", "--force", uncompressed], { stdio: "inherit" });
  if (status !== 0) throw new Error(`xz failed: ${error?.message ?? `exit code ${status}`}`);
}

/**
 * Writes SHA256SUMS over `paths`, and SHA256SUMS.minisig where there is a key.
 *
 * @returns each file's sum in hex, by name
 */
export function writeChecksums(
  paths: readonly string[],
  { version, outDir, key }: { version: string; outDir: string; key: SigningKey | undefined },
): Map<string, string> {
  const sums = new Map(
    paths.map((path) =>
      [basename(path), createHash("sha256").update(readFileSync(path)).digest("hex")] as const
    )
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
  const text = [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join("");
  writeOut(join(outDir, "SHA256SUMS"), text);
  if (key !== undefined) {
    const signature = signatureOf(new TextEncoder().encode(text), `haft ${version} SHA256SUMS`, key);
    writeOut(join(outDir, "SHA256SUMS.minisig"), signature);
  }
  return sums;
}

/**
 * Fills in install.sh and install.ps1: version, address, key, and the checksums of this very release.
 */
export function writeInstallers(facts: ReleaseFacts, outDir: string): string[] {
  return ["install.sh", "install.ps1"].map((name) => {
    const path = join(outDir, name);
    writeFileSync(path, fillIn(name, facts), { mode: 0o755 });
    return path;
  });
}
