import { readTextFile } from "../../base/read_text_file.ts";
import { join } from "node:path";
import { parse } from "ini";
import { envValue } from "../../base/env.ts";
import type { RegistryUser } from "./registry_types.ts";
import { defaultRegistry } from "./default_registries.ts";

/** An index of Python packages. */
export interface PythonIndex {
  /** Ends with `/`, without credentials. */
  url: string;
  /** Credentials for the index and for files on the same host. */
  headers: Record<string, string>;
}

/** The address of the user's index, with its credentials: for an installer that sends them itself. */
export async function pythonIndexAddress(user: RegistryUser): Promise<string> {
  return fromVariables(user) ?? fromFiles(user) ?? await defaultRegistry("pypi");
}

/**
 * The index that the user's own pip or uv uses: variables, then pip's files (the user's over the
 * machine's), then the public one. A project's files have no say.
 */
export async function pythonIndex(user: RegistryUser): Promise<PythonIndex> {
  const url = new URL(await pythonIndexAddress(user));
  const headers: Record<string, string> = {};
  if (url.username !== "") {
    const bytes = new TextEncoder().encode(
      `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
    );
    headers["authorization"] = `Basic ${btoa(String.fromCharCode(...bytes))}`;
    url.username = "";
    url.password = "";
  }
  return { url: url.href.endsWith("/") ? url.href : `${url.href}/`, headers };
}

function fromVariables({ env }: RegistryUser): string | undefined {
  return envValue(env, "PIP_INDEX_URL") ?? envValue(env, "UV_DEFAULT_INDEX") ?? envValue(env, "UV_INDEX_URL");
}

/** The strongest file first. */
function fromFiles(user: RegistryUser): string | undefined {
  for (const path of pipFiles(user)) {
    const settings = read(path);
    for (const section of ["install", "global"]) {
      const table = settings[section];
      const url = typeof table === "object" && table !== null && "index-url" in table
        ? table["index-url"]
        : undefined;
      if (typeof url === "string" && URL.canParse(url)) return url;
    }
  }
  return undefined;
}

function pipFiles({ env, home, platform }: RegistryUser): string[] {
  const named = envValue(env, "PIP_CONFIG_FILE");
  const own = named === undefined ? [] : [named];
  if (platform === "win32") {
    const roaming = envValue(env, "APPDATA") ?? join(home, "AppData", "Roaming");
    const machine = envValue(env, "PROGRAMDATA") ?? "C:\\ProgramData";
    return [
      ...own,
      join(roaming, "pip", "pip.ini"),
      join(home, "pip", "pip.ini"),
      join(machine, "pip", "pip.ini"),
    ];
  }
  const config = envValue(env, "XDG_CONFIG_HOME") ?? join(home, ".config");
  return [
    ...own,
    ...(platform === "darwin" ? [join(home, "Library", "Application Support", "pip", "pip.conf")] : []),
    join(config, "pip", "pip.conf"),
    join(home, ".pip", "pip.conf"),
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
  ];
}

function read(path: string): Record<string, unknown> {
  try {
    return parse(readTextFile(path));
  } catch {
    // Missing, or for pip to complain about.
    return {};
  }
}
