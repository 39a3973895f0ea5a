import { assertEquals } from "@std/assert";
import type { Platform } from "../../../../src/tools/platform.ts";
import {
  assetFormat,
  checksumAssets,
  checksumOf,
  pickAsset,
} from "../../../../src/tools/sources/release_assets.ts";

const RUST = ["x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu"]
  .concat(["x86_64-apple-darwin", "aarch64-apple-darwin"]).map((triple) => `fd-v10.2.0-${triple}.tar.gz`)
  .concat(["fd-v10.2.0-x86_64-pc-windows-msvc.zip", "fd-v10.2.0-i686-pc-windows-msvc.zip"])
  .concat(["fd-musl_10.2.0_amd64.deb", "fd_10.2.0_amd64.deb"]);

const ROWS: [what: string, names: string[], platform: Platform, expected: string | undefined][] = [
  ["glibc is preferred to musl", RUST, "linux-x64-glibc", "fd-v10.2.0-x86_64-unknown-linux-gnu.tar.gz"],
  ["musl needs musl", RUST, "linux-x64-musl", "fd-v10.2.0-x86_64-unknown-linux-musl.tar.gz"],
  ["a build for glibc does not run with musl", RUST, "linux-arm64-musl", undefined],
  ["macOS", RUST, "darwin-arm64", "fd-v10.2.0-aarch64-apple-darwin.tar.gz"],
  ["darwin is not win", RUST, "win32-x64", "fd-v10.2.0-x86_64-pc-windows-msvc.zip"],
  ["no build for the processor", RUST, "win32-arm64", undefined],
  [
    "Go's words, and no checksums or packages",
    [
      "gh_2.5.0_checksums.txt",
      "gh_2.5.0_linux_386.tar.gz",
      "gh_2.5.0_linux_amd64.deb",
      "gh_2.5.0_linux_amd64.tar.gz",
    ],
    "linux-x64-musl",
    "gh_2.5.0_linux_amd64.tar.gz",
  ],
  [
    "bare programs",
    [
      "yq_linux_amd64",
      "yq_linux_amd64.tar.gz",
      "yq_linux_arm64",
      "yq_darwin_amd64",
      "yq_windows_amd64.exe",
      "checksums",
    ],
    "win32-x64",
    "yq_windows_amd64.exe",
  ],
  [
    "an archive before a bare program",
    ["yq_linux_amd64", "yq_linux_amd64.tar.gz"],
    "linux-x64-glibc",
    "yq_linux_amd64.tar.gz",
  ],
  [
    "one file in gzip, x86_64 as two words",
    ["taplo-linux-x86_64.gz", "taplo-linux-aarch64.gz", "taplo-darwin-aarch64.gz"],
    "linux-arm64-glibc",
    "taplo-linux-aarch64.gz",
  ],
  [
    "universal builds of macOS",
    [
      "cmake-4.0-macos-universal.tar.gz",
      "cmake-4.0-linux-x86_64.tar.gz",
      "cmake-4.0-macos10.10-universal.dmg",
    ],
    "darwin-arm64",
    "cmake-4.0-macos-universal.tar.gz",
  ],
  [
    "no processor means the usual one",
    ["ninja-linux.zip", "ninja-linux-aarch64.zip", "ninja-mac.zip"],
    "linux-x64-glibc",
    "ninja-linux.zip",
  ],
  ["and no other", ["ninja-linux.zip", "ninja-mac.zip"], "linux-arm64-glibc", undefined],
  [
    "the plain name before its variants",
    [
      "bun-linux-x64-baseline.zip",
      "bun-linux-x64-profile.zip",
      "bun-linux-x64.zip",
      "bun-linux-x64-musl.zip",
    ],
    "linux-x64-glibc",
    "bun-linux-x64.zip",
  ],
  [
    "musl in a tool's name is no C library",
    ["muslim-linux-amd64.tar.gz"],
    "linux-x64-glibc",
    "muslim-linux-amd64.tar.gz",
  ],
  [
    "odd words for processors",
    ["trivy_0.60_Linux-64bit.tar.gz", "trivy_0.60_Linux-ARM64.tar.gz"],
    "linux-x64-glibc",
    "trivy_0.60_Linux-64bit.tar.gz",
  ],
  [
    "protoc's words",
    ["protoc-30-linux-aarch_64.zip", "protoc-30-linux-x86_32.zip", "protoc-30-linux-x86_64.zip"],
    "linux-arm64-glibc",
    "protoc-30-linux-aarch_64.zip",
  ],
];

for (const [what, names, platform, expected] of ROWS) {
  Deno.test(`pickAsset(): ${what}`, () => {
    assertEquals(pickAsset(names, platform), expected);
    assertEquals(pickAsset(names.toReversed(), platform), expected);
  });
}

Deno.test("assetFormat() knows archives and programs, and leaves out what is neither", () => {
  const rows: [string, string | undefined][] = [
    ["a.tar.gz", "tar.gz"],
    ["a.tgz", "tar.gz"],
    ["a.tar.zst", "tar.zst"],
    ["a.tar.xz", "tar.xz"],
    ["a.tar.bz2", "tar.bz2"],
    ["a-linux.xz", undefined],
    ["a-linux.gz", "gz"],
    ["a.exe", "file"],
    ["yq_linux_amd64", "file"],
    ["direnv.linux-amd64", "file"],
    ["a.dmg", undefined],
    ["a.msi", undefined],
    ["a.pkg", undefined],
    ["a.tar.gz.sha256", undefined],
    ["a.tar.gz.asc", undefined],
    ["source.tar.gz", undefined],
  ];
  for (const [name, expected] of rows) assertEquals(assetFormat(name), expected, name);
});

Deno.test("checksumOf() takes the named file's hash, in every usual form, and never another's", () => {
  const [a, b] = ["a".repeat(64), "b".repeat(64)];
  assertEquals(checksumOf(`${a}  other.tar.gz\n${b} *tool.tar.gz\n`, "tool.tar.gz"), b);
  assertEquals(checksumOf(`SHA256 (tool.tar.gz) = ${b}\n`, "tool.tar.gz"), b);
  assertEquals(checksumOf(`${b}  ./tool.tar.gz`, "tool.tar.gz"), b);
  assertEquals(checksumOf(`${b}\n`, "tool.tar.gz"), b);
  assertEquals(checksumOf(`${a}  other.tar.gz\n`, "tool.tar.gz"), undefined);
  assertEquals(checksumOf(`${a}\n${b}\n`, "tool.tar.gz"), undefined);
});

Deno.test("checksumAssets() asks an asset's own checksum first", () => {
  assertEquals(
    checksumAssets(["checksums.txt", "t.tar.gz.sha256", "t_1_checksums.txt", "t.tar.gz"], "t.tar.gz"),
    [
      "t.tar.gz.sha256",
      "checksums.txt",
      "t_1_checksums.txt",
    ],
  );
});
