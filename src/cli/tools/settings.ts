import { connectionLimits, DEFAULT_IDLE_EXIT_SECONDS, taskPlaces } from "../../daemon/settings.ts";
import { DEFAULT_JOBS, DEFAULT_STALL_SECONDS } from "../../sync/sync_defaults.ts";
import type { DaemonSettings, UserSettings } from "../../tools/manifest/manifest_schema.ts";
import { userConfigPath } from "../../tools/project/user_config_path.ts";
import type { Context } from "../command.ts";
import { usualSocket } from "../daemon/endpoint.ts";
import { projectOrOwn } from "../project_place.ts";

/** One setting in force, as `--json` prints it. */
export interface Setting {
  key: string;
  value: unknown;
  /** Where it stands; null where the default is in force. */
  file: string | null;
  /** What is in force where no file sets it; null where that is nothing. */
  default: unknown;
}

type Defaults<Keys extends string> = Readonly<Record<Keys, unknown>>;

/**
 * Every setting by its key, in the order of the keys: the project's over the user's own over the default.
 * Those of a project that wait for trust are not in force.
 */
export function settingsInForce(context: Context): Setting[] {
  const own = userConfigPath(context.paths.config);
  const project = projectOrOwn(context);
  const { files, settings, mirrors } = project;
  const { user, manifestPath = own } = files;
  const defaults = defaultsOf(context);
  const rows = new Map<string, Setting>(
    Object.entries(defaults).map(([key, value]) => [key, { key, value, file: null, default: value }]),
  );
  const set = (section: string, values: object, fileOf: (key: string) => string) => {
    for (const [name, value] of Object.entries(values)) {
      const key = `${section}.${name}`;
      rows.set(key, { key, value, file: fileOf(name), default: defaults[key] ?? null });
    }
  };
  const decidedBy = (projects: object) => (key: string) => Object.hasOwn(projects, key) ? manifestPath : own;
  set("settings", settings, decidedBy(files.settings));
  const lists = { trusted_paths: user.trustedPaths, allowed_shims: user.allowedShims };
  set("settings", Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)), () => own);
  set("mirrors", mirrors, decidedBy(files.mirrors));
  set("daemon", user.daemon, () => own);
  return [...rows.values()].sort((a, b) => a.key < b.key ? -1 : 1);
}

function defaultsOf(context: Context): Record<string, unknown> {
  const settings: Defaults<keyof typeof UserSettings.entries> = {
    jobs: DEFAULT_JOBS,
    auto_install: false,
    stall_timeout: DEFAULT_STALL_SECONDS,
    shell: context.platform === "win32" ? ["cmd.exe", "/d", "/s", "/c"] : ["sh", "-c"],
    legacy_env: true,
    version_files: true,
    remote_dependencies: false,
    trusted_paths: [],
    allowed_shims: [],
  };
  const { connections, silentConnections, frame } = connectionLimits({});
  // `socket_path` is another name of `socket`.
  const daemon: Defaults<Exclude<keyof DaemonSettings, "socket_path">> = {
    socket: usualSocket(context),
    idle_exit: DEFAULT_IDLE_EXIT_SECONDS,
    connections,
    silent_connections: silentConnections,
    frame,
    tasks: taskPlaces({}),
    listen: {},
    roo: {},
  };
  const keys = (section: string, values: object) =>
    Object.entries(values).map(([name, value]) => [`${section}.${name}`, value]);
  return Object.fromEntries([...keys("settings", settings), ...keys("daemon", daemon)]);
}
