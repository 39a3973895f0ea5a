import { existsSync, readFileSync } from "node:fs";
import { HaftError } from "../base/errors.ts";
import { type Platform, PLATFORMS } from "./platform.ts";

/** What {@link detectPlatform} looks at; the real ones are `process` and the file system. */
export interface HostFacts {
  /** `process.platform`. */
  os: string;
  /** `process.arch`. */
  cpu: string;
  /** The file's text, or undefined when it cannot be read. */
  readText(path: string): string | undefined;
  exists(path: string): boolean;
}

let known: Platform | undefined;

/**
 * The platform this process runs on. Reads at most a few small files, once.
 * @throws {HaftError} on a system that no lock file covers
 */
export function hostPlatform(): Platform {
  known ??= detectPlatform({
    os: process.platform,
    cpu: process.arch,
    readText: readTextOrUndefined,
    exists: existsSync,
  });
  return known;
}

/** Pure part of {@link hostPlatform}. */
export function detectPlatform(facts: HostFacts): Platform {
  const base = `${facts.os}-${facts.cpu}`;
  const key = facts.os === "linux" ? `${base}-${detectLibc(facts)}` : base;
  const platform = PLATFORMS.find((candidate) => candidate === key);
  if (platform !== undefined) return platform;
  throw new HaftError(`haft has no tools for this system (${base})`, {
    next: `It covers ${PLATFORMS.join(", ")}`,
  });
}

/**
 * `ldd` belongs to the system's own C library, whatever else is installed beside it: Debian's `musl` package
 * brings musl's loader, Alpine's `gcompat` brings glibc's, and neither replaces `ldd`. Images without `ldd`
 * are judged by their loaders.
 */
function detectLibc(facts: HostFacts): "glibc" | "musl" {
  const ldd = facts.readText("/usr/bin/ldd");
  if (ldd !== undefined) {
    if (ldd.includes("ld-musl-") || ldd.includes("musl libc")) return "musl";
    if (ldd.includes("GNU libc") || ldd.includes("GLIBC")) return "glibc";
  }
  const arch = facts.cpu === "arm64" ? "aarch64" : "x86_64";
  const glibcLoader = facts.cpu === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  if (facts.exists(glibcLoader)) return "glibc";
  return facts.exists(`/lib/ld-musl-${arch}.so.1`) ? "musl" : "glibc";
}

function readTextOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
