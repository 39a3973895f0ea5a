import type { ArchiveFormat } from "../../protocol/artifact.ts";
import { type Platform, platformParts } from "../platform.ts";

/**
 * File names' endings, each with how the file is packed; the first that fits counts, and earlier ones are
 * preferred.
 */
const FORMATS: readonly (readonly [ending: RegExp, format: ArchiveFormat])[] = [
  [/\.(tar\.gz|tgz)$/i, "tar.gz"],
  [/\.zip$/i, "zip"],
  [/\.(tar\.zst|tzst)$/i, "tar.zst"],
  [/\.(tar\.xz|txz)$/i, "tar.xz"],
  [/\.(tar\.bz2|tbz2?)$/i, "tar.bz2"],
  [/\.gz$/i, "gz"],
];

/**
 * What is no program to download: proofs, packages of systems, sources, descriptions, and archives that
 * haft cannot unpack.
 */
const OTHER_FILES =
  /\.(sha\d+|sha\d+sum|md5|b3|sig|asc|pem|crt|minisig|att|intoto\.jsonl|sbom|spdx|json|ya?ml|txt|md|html|deb|rpm|apk|msi|pkg|dmg|appimage|zsync|whl|gem|nupkg|vsix|jar|7z|tar|sh|ps1|patch|d\.ts|js)$|sha\d+sums|checksums|(^|[-_.])(src|source|sources|vendor|debug|symbols|pdb|dbg|profile)([-_.]|$)/i;

/** How an asset is packed, by its name; undefined for what haft does not install. */
export function assetFormat(name: string): ArchiveFormat | undefined {
  if (OTHER_FILES.test(name)) return undefined;
  if (/(?<!\.tar)\.(xz|bz2|zst)$/i.test(name)) return undefined;
  const known = FORMATS.find(([ending]) => ending.test(name));
  if (known !== undefined) return known[1];
  return /\.exe$/i.test(name) || !/\.[a-z]+\d*$/i.test(name) ? "file" : undefined;
}

/** Whole words only: "musl" in the name of a tool is no C library. */
const OS: Readonly<Record<string, RegExp>> = {
  linux: word("linux|linux64|linux32"),
  darwin: word("darwin|macos|osx|mac|apple|macos64|darwin64"),
  win32: word("windows|win|win32|win64|pc-windows"),
};
const CPU: Readonly<Record<string, RegExp>> = {
  x64: word("x86_64|x86-64|amd64|x64|64bit|64-bit|linux64|win64|darwin64|macos64|amd64v1"),
  arm64: word("aarch64|aarch_64|arm64|arm64e|armv8"),
};
const ANY_CPU = word(
  "x86_64|x86-64|amd64|x64|64bit|64-bit|linux64|win64|aarch64|aarch_64|arm64|armv[5-8][a-z]*|arm|armhf|i[3-6]86|x86|32bit|32-bit|386|riscv64|riscv64gc|ppc64|ppc64le|powerpc64le|s390x|loong64|loongarch64|mips\\w*",
);
const UNIVERSAL = word("universal|universal2|all|fat|macos");
const MUSL = word("musl|musleabi|musleabihf|alpine|static");
const GNU = word("gnu|glibc|gnueabi|gnueabihf");

function word(words: string): RegExp {
  return new RegExp(`(^|[^a-z0-9])(${words})([^a-z0-9]|$)`, "i");
}

/**
 * The asset of a release that a person on a platform would choose: for the system, processor and C library,
 * in the format that is unpacked best, without additions to its name.
 *
 * @returns undefined when none is for the platform
 */
export function pickAsset(names: readonly string[], platform: Platform): string | undefined {
  let best: { name: string; rank: readonly number[] } | undefined;
  for (const name of names) {
    const rank = rankOf(name, platform);
    if (rank !== undefined && (best === undefined || isBefore(rank, best.rank))) best = { name, rank };
  }
  return best?.name;
}

/** Lower is better, compared from the left; undefined when the asset is not for the platform. */
function rankOf(name: string, platform: Platform): readonly number[] | undefined {
  const format = assetFormat(name);
  const { os, cpu, libc } = platformParts(platform);
  if (format === undefined || OS[os]?.test(name) !== true) return undefined;
  // "darwin" holds "win" as no word, but "apple-darwin" beside "windows" would fit twice.
  if (os !== "win32" && OS["win32"]?.test(name) === true) return undefined;
  const own = CPU[cpu]?.test(name) === true;
  const universal = os === "darwin" && !ANY_CPU.test(name) && UNIVERSAL.test(name);
  // Who names no processor means the usual one.
  const unnamed = cpu === "x64" && !ANY_CPU.test(name);
  if (!own && !universal && !unnamed) return undefined;
  const library = libraryRank(name, libc);
  if (library === undefined) return undefined;
  const packed = FORMATS.findIndex(([, one]) => one === format);
  return [own ? 0 : 1, library, packed === -1 ? FORMATS.length : packed, name.length];
}

/** A program for musl is linked statically and runs everywhere; one for glibc needs it. */
function libraryRank(name: string, libc: string | undefined): number | undefined {
  if (libc === undefined) return 0;
  if (libc === "musl") return MUSL.test(name) ? 0 : GNU.test(name) ? undefined : 1;
  return GNU.test(name) ? 0 : MUSL.test(name) ? 2 : 1;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other;
  }
  return false;
}

/**
 * The checksum file for an asset among a release's: its own (`ASSET.sha256`), else one for all.
 */
export function checksumAssets(names: readonly string[], asset: string): string[] {
  const own = names.filter((name) =>
    name.toLowerCase() === `${asset.toLowerCase()}.sha256` ||
    name.toLowerCase() === `${asset.toLowerCase()}.sha256sum`
  );
  const all = names.filter((name) =>
    /(^|[-_.])(sha256sums?|sha256|checksums?|shasums256)(\.txt)?$/i.test(name) && !own.includes(name)
  );
  return [...own, ...all];
}

/** The sha256 of a file in a text of checksums; a text that holds one hash alone is the file's own. */
export function checksumOf(text: string, asset: string): string | undefined {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  for (const line of lines) {
    const [, hash, name] = /^([0-9a-f]{64})[ \t]+[*]?(?:\.\/)?(.+)$/i.exec(line) ??
      [undefined, ...(/^SHA256 ?\((.+)\) ?= ?([0-9a-f]{64})$/i.exec(line)?.slice(1).reverse() ?? [])];
    if (name === asset) return hash?.toLowerCase();
  }
  const [only, ...more] = lines;
  return more.length === 0 && only !== undefined && /^[0-9a-f]{64}$/i.test(only)
    ? only.toLowerCase()
    : undefined;
}
