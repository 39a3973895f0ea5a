import { assert, assertEquals, assertThrows } from "@std/assert";
import { HaftError } from "../../../src/base/errors.ts";
import { detectPlatform, hostPlatform } from "../../../src/tools/host_platform.ts";
import { PLATFORMS } from "../../../src/tools/platform.ts";

const GLIBC_LDD = "#!/bin/bash\n# This is the `ldd' command\n  GNU libc\n";
const MUSL_LDD = '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1 --list -- "$@"\n';
const X64_GLIBC = "/lib64/ld-linux-x86-64.so.2";
const X64_MUSL = "/lib/ld-musl-x86_64.so.1";

Deno.test("detectPlatform() names the platform, and the system's own C library", () => {
  const rows: [os: string, cpu: string, ldd: string | undefined, files: string[], expected: string][] = [
    ["darwin", "arm64", undefined, [], "darwin-arm64"],
    ["darwin", "x64", undefined, [], "darwin-x64"],
    ["win32", "x64", undefined, [], "win32-x64"],
    ["win32", "arm64", undefined, [], "win32-arm64"],
    ["linux", "x64", GLIBC_LDD, [X64_GLIBC], "linux-x64-glibc"],
    // Debian with the package "musl".
    ["linux", "x64", GLIBC_LDD, [X64_GLIBC, X64_MUSL], "linux-x64-glibc"],
    ["linux", "x64", MUSL_LDD, [X64_MUSL], "linux-x64-musl"],
    // Alpine with the package "gcompat".
    ["linux", "x64", MUSL_LDD, [X64_GLIBC, X64_MUSL], "linux-x64-musl"],
    // Images without ldd.
    ["linux", "x64", undefined, [X64_MUSL], "linux-x64-musl"],
    ["linux", "x64", undefined, [X64_GLIBC], "linux-x64-glibc"],
    ["linux", "arm64", undefined, ["/lib/ld-musl-aarch64.so.1"], "linux-arm64-musl"],
    ["linux", "arm64", undefined, ["/lib/ld-linux-aarch64.so.1"], "linux-arm64-glibc"],
    ["linux", "x64", undefined, [], "linux-x64-glibc"],
    ["linux", "x64", "unknown ldd", [X64_MUSL], "linux-x64-musl"],
  ];
  for (const [os, cpu, ldd, files, expected] of rows) {
    const facts = { os, cpu, readText: () => ldd, exists: (path: string) => files.includes(path) };
    assertEquals(detectPlatform(facts), expected);
  }
});

Deno.test("detectPlatform() says which systems there are when this is none of them", () => {
  const facts = { os: "freebsd", cpu: "x64", readText: () => undefined, exists: () => false };
  const error = assertThrows(() => detectPlatform(facts), HaftError, "freebsd-x64");
  assertEquals(error.next, `It covers ${PLATFORMS.join(", ")}`);
});

Deno.test("hostPlatform() is one of the platforms, and always the same", () => {
  assert(PLATFORMS.includes(hostPlatform()));
  assertEquals(hostPlatform(), hostPlatform());
});
