import { assert, assertEquals } from "@std/assert";
import { resolvePaths } from "../../../src/base/paths.ts";
import { plainDirectories, plainPlace } from "../../../src/base/plain_paths.ts";

Deno.test("plainDirectories() and plainPlace() say what resolvePaths() says, or nothing", () => {
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
    const directories = plainDirectories(env);
    assert(directories !== undefined, JSON.stringify(env));
    assertEquals(`${directories.cache}/exec`, exec, JSON.stringify(env));
    assertEquals(plainPlace(env, directories), { home, store, state, config }, JSON.stringify(env));
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
  for (const env of others) assertEquals(plainDirectories(env), undefined, JSON.stringify(env));
});
