import type { Env } from "../../base/env.ts";

/** Variables that a child installer needs to reach the network and to keep temporary files. */
const PASSED = new Set([
  "PATH",
  "LANG",
  "LC_ALL",
  "TMPDIR",
  "TEMP",
  "TMP",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  // Windows starts no program without these.
  "SYSTEMROOT",
  "SYSTEMDRIVE",
  "WINDIR",
  "COMSPEC",
  "PATHEXT",
]);

/**
 * The environment of a child installer: what it needs, and an empty home of haft's. Neither the user's
 * secrets nor the user's own settings reach it; haft hands it what counts of those in files.
 *
 * @param home an empty directory
 */
export function installerEnvironment(env: Env, { home }: { home: string }): Record<string, string> {
  const passed = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && PASSED.has(name.toUpperCase()) ? [[name, value] as const] : []
  );
  return {
    ...Object.fromEntries(passed),
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    LOCALAPPDATA: home,
    XDG_CONFIG_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_DATA_HOME: home,
  };
}
