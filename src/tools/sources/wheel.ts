import { type Platform, PLATFORMS } from "../platform.ts";

/** What a wheel's file name says (PEP 427). */
export interface WheelName {
  /** As the file spells it; the directories inside begin with it. */
  name: string;
  version: string;
  python: string[];
  abi: string[];
  platforms: string[];
}

const WHEEL =
  /^([A-Za-z0-9_.]+)-([A-Za-z0-9_.!+]+)(?:-\d[^-]*)?-([a-z0-9_.]+)-([a-z0-9_.]+)-([A-Za-z0-9_.]+)\.whl$/;

export function parseWheelName(file: string): WheelName | undefined {
  const match = WHEEL.exec(file);
  if (match === null) return undefined;
  const [, name = "", version = "", python = "", abi = "", platforms = ""] = match;
  return {
    name,
    version,
    python: python.split("."),
    abi: abi.split("."),
    platforms: platforms.split(/\.(?=[a-z])/),
  };
}

/** Whether it holds programs for a platform rather than modules for one version of Python. */
export function isNativeWheel({ python, abi, platforms }: WheelName): boolean {
  return abi.includes("none") && python.some((tag) => /^(py3|py2|cp3)/.test(tag)) &&
    !platforms.includes("any");
}

/** Whether it holds Python alone, for every platform. */
export function isPythonWheel({ python, abi, platforms }: WheelName): boolean {
  return abi.includes("none") && platforms.includes("any") && python.some((tag) => /^py3/.test(tag));
}

/** The directory of scripts inside a wheel. */
export function scriptsDirectory({ name, version }: WheelName): string {
  return `${name}-${version}.data/scripts`;
}

/**
 * The wheel for each platform: the one that asks for the oldest system.
 *
 * @param isStatic its executables need no C library, so that those for glibc also run with musl
 */
export function wheelsByPlatform<File extends { wheel: WheelName }>(
  files: readonly File[],
  { isStatic }: { isStatic: boolean },
): Map<Platform, File> {
  const chosen = new Map<Platform, File>();
  for (const platform of PLATFORMS) {
    const own = cheapest(files, platform);
    const other = isStatic && platform.endsWith("-musl")
      ? cheapest(files, PLATFORMS.find((one) => one === platform.replace("-musl", "-glibc")) ?? platform)
      : undefined;
    const file = own ?? other;
    if (file !== undefined) chosen.set(platform, file);
  }
  return chosen;
}

function cheapest<File extends { wheel: WheelName }>(
  files: readonly File[],
  platform: Platform,
): File | undefined {
  let best: { file: File; need: number } | undefined;
  for (const file of files) {
    for (const tag of file.wheel.platforms) {
      const need = tagNeed(tag, platform);
      if (need !== undefined && (best === undefined || need < best.need)) best = { file, need };
    }
  }
  return best?.file;
}

const CPU: Readonly<Record<string, RegExp>> = { x64: /_x86_64$/, arm64: /_(aarch64|arm64)$/ };
const LEGACY: Readonly<Record<string, number>> = {
  manylinux1: 2.05,
  manylinux2010: 2.12,
  manylinux2014: 2.17,
};

/** How new a system a platform tag asks for; undefined when the tag is for another platform. */
function tagNeed(tag: string, platform: Platform): number | undefined {
  const [os = "", cpu = "", libc] = platform.split("-");
  if (os === "win32") return tag === (cpu === "x64" ? "win_amd64" : "win_arm64") ? 0 : undefined;
  if (os === "darwin") {
    const mac = /^macosx_(\d+)_(\d+)_(\w+)$/.exec(tag);
    const fits = mac?.[3] === "universal2" || mac?.[3] === (cpu === "x64" ? "x86_64" : "arm64");
    return mac === null || !fits ? undefined : Number(mac[1]) * 100 + Number(mac[2]);
  }
  if (CPU[cpu]?.test(tag) !== true) return undefined;
  if (libc === "musl") {
    const musl = /^musllinux_(\d+)_(\d+)_/.exec(tag);
    return musl === null ? undefined : Number(musl[1]) * 100 + Number(musl[2]);
  }
  const many = /^manylinux_(\d+)_(\d+)_/.exec(tag);
  if (many !== null) return Number(many[1]) * 100 + Number(many[2]);
  const legacy = LEGACY[/^manylinux\d+/.exec(tag)?.[0] ?? ""];
  return legacy === undefined ? (tag.startsWith("linux_") ? 9_999 : undefined) : legacy * 100;
}
