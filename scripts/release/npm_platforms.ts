import type { Target } from "../support/targets.ts";

/** How npm tells the platforms apart. */
export interface NpmPlatform {
  /** The package with the native executable. */
  name: string;
  os: string;
  cpu: string;
  libc?: "glibc" | "musl";
}

/** @param target `linux-x64-musl` becomes `@haft/linux-x64-musl`. */
export function npmPlatform(target: Target): NpmPlatform {
  const [system = "", cpu = "", libc] = target.name.split("-");
  const os = system === "windows" ? "win32" : system;
  const suffix = libc === undefined ? "" : `-${libc}`;
  return {
    name: `@haft/${os}-${cpu}${suffix}`,
    os,
    cpu,
    ...os === "linux" ? { libc: libc === "musl" ? "musl" as const : "glibc" as const } : {},
  };
}

/** The executable's file inside a platform's package. */
export function npmExecutable({ os }: NpmPlatform): string {
  return os === "win32" ? "haft.exe" : "haft";
}
