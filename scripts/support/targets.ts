import type { Platform } from "../../src/tools/platform.ts";

/** A platform that the build can make a binary for. */
export interface Target {
  /** As `--target` takes it. */
  name: string;
  /** The same platform in the lock file. */
  platform: Platform;
  /** As `bun build --target` takes it. */
  bun: string;
  /** As `deno compile --target` takes it; Deno publishes no runtime for the others. */
  deno?: string;
}

export const targets: readonly Target[] = [
  {
    name: "linux-x64",
    platform: "linux-x64-glibc",
    bun: "bun-linux-x64",
    deno: "x86_64-unknown-linux-gnu",
  },
  {
    name: "linux-arm64",
    platform: "linux-arm64-glibc",
    bun: "bun-linux-arm64",
    deno: "aarch64-unknown-linux-gnu",
  },
  { name: "linux-x64-musl", platform: "linux-x64-musl", bun: "bun-linux-x64-musl" },
  { name: "linux-arm64-musl", platform: "linux-arm64-musl", bun: "bun-linux-arm64-musl" },
  { name: "darwin-x64", platform: "darwin-x64", bun: "bun-darwin-x64", deno: "x86_64-apple-darwin" },
  { name: "darwin-arm64", platform: "darwin-arm64", bun: "bun-darwin-arm64", deno: "aarch64-apple-darwin" },
  { name: "windows-x64", platform: "win32-x64", bun: "bun-windows-x64", deno: "x86_64-pc-windows-msvc" },
  { name: "windows-arm64", platform: "win32-arm64", bun: "bun-windows-arm64" },
];

/** @throws {RangeError} listing the names there are. */
export function targetNamed(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  throw new RangeError(
    `No target is called "${name}"; there are ${targets.map((target) => target.name).join(", ")}`,
  );
}
