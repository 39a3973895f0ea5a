/** The platforms a lock file covers, in the order it lists them. */
export const PLATFORMS = [
  "linux-x64-glibc",
  "linux-x64-musl",
  "linux-arm64-glibc",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "win32-x64",
  "win32-arm64",
] as const;

export type Platform = typeof PLATFORMS[number];

/** A platform's parts, in npm's words (`os`, `cpu`, `libc` of package.json). */
export interface PlatformParts {
  os: string;
  cpu: string;
  libc: string | undefined;
}

export function platformParts(platform: Platform): PlatformParts {
  const [os = "", cpu = "", libc] = platform.split("-");
  return { os, cpu, libc };
}
