import { assertEquals } from "@std/assert";
import { resolvePaths } from "../../../src/base/paths.ts";
import { plainPlace } from "../../../src/base/plain_paths.ts";
import { plainExecCache } from "../../../src/cli/exec_at_once.ts";

Deno.test("plainExecCache() and plainPlace() say what resolvePaths() says, or nothing", () => {
  const plain: Record<string, string>[] = [
    { HOME: "/home/me" },
    { HOME: "/home/me", XDG_CACHE_HOME: "" },
    { HOME: "/home/me", XDG_CACHE_HOME: "/var/cache/.me" },
    { HOME: "/home/me", XDG_CACHE_HOME: "/var/cache", HAFT_HOME: "/opt/a b/..haft" },
    { HOME: "/home/me...", HAFT_HOME: "" },
    { HOME: "/home/me", XDG_CONFIG_HOME: "/etc/me", XDG_DATA_HOME: "/data", XDG_STATE_HOME: "/state" },
  ];
  for (const env of plain) {
    const home = env["HOME"] ?? "";
    const { exec, store, state, config } = resolvePaths({ env, platform: "linux", home });
    assertEquals(plainExecCache(env), exec, JSON.stringify(env));
    assertEquals(plainPlace(env), { home, store, state, config }, JSON.stringify(env));
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
