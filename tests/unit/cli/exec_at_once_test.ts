import { assertEquals } from "@std/assert";
import { resolvePaths } from "../../../src/base/paths.ts";
import { plainExecCache } from "../../../src/cli/exec_at_once.ts";

Deno.test("plainExecCache() says where resolvePaths() puts the exec cache, or nothing", () => {
  const plain: Record<string, string>[] = [
    { HOME: "/home/me" },
    { HOME: "/home/me", XDG_CACHE_HOME: "" },
    { HOME: "/home/me", XDG_CACHE_HOME: "/var/cache/.me" },
    { HOME: "/home/me", XDG_CACHE_HOME: "/var/cache", HAFT_HOME: "/opt/a b/..haft" },
    { HOME: "/home/me...", HAFT_HOME: "" },
  ];
  for (const env of plain) {
    const { exec } = resolvePaths({ env, platform: "linux", home: env["HOME"] ?? "" });
    assertEquals(plainExecCache(env), exec, JSON.stringify(env));
  }
  const others: Record<string, string>[] = [
    {},
    { HOME: "" },
    { HOME: "home" },
    { HOME: "/home/me/" },
    { HOME: "/home/me", HAFT_HOME: "haft" },
    ...["/a/", "/a//b", "/a/./b", "/a/../b", "/a/..", "/a/.", "/"].map((path) => ({
      HOME: "/h",
      HAFT_HOME: path,
    })),
    { HOME: "/home/me", XDG_CACHE_HOME: "cache" },
  ];
  for (const env of others) assertEquals(plainExecCache(env), undefined, JSON.stringify(env));
});
