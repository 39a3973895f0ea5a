import { errorCode } from "../../base/errors.ts";
import { passNote } from "../../base/passing_notes.ts";
import { builtInCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import type { FleetSettings } from "../manifest/fleet_settings.ts";
import { type DaemonSettings, type Settings, UserConfigDocument } from "../manifest/manifest_schema.ts";
import { type ManifestProblem, problemError, problemText } from "../manifest/manifest_problem.ts";
import { definitionProblems, definitionsOf } from "../manifest/own_tools.ts";
import { readTolerant } from "../manifest/read_toml.ts";
import { userConfigPath } from "./user_config_path.ts";
import { readTextFile } from "../../base/read_text_file.ts";

/** The user's own settings. */
export interface UserConfig {
  settings: Settings;
  /** haft's own catalogue with the user's `[catalogue]` over it. */
  catalogue: Catalogue;
  mirrors: Record<string, string>;
  /** Directories whose manifests may run code without being asked about. */
  trustedPaths: string[];
  /** Executables of packages that get a shim although the system has a command of that name. */
  allowedShims: string[];
  daemon: DaemonSettings;
  /** Undefined for a machine that is in no fleet. */
  fleet: FleetSettings | undefined;
  /** What is said of each key that is not known, and counts for nothing. */
  unknown: string[];
}

/**
 * Reads `config.toml` of the user's configuration directory; a missing one is an empty one.
 *
 * @throws {UsageError} when it is wrong
 */
export function readUserConfig(directory: string): UserConfig {
  const path = userConfigPath(directory);
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") {
      return {
        settings: {},
        catalogue: builtInCatalogue,
        mirrors: {},
        trustedPaths: [],
        allowedShims: [],
        daemon: {},
        fleet: undefined,
        unknown: [],
      };
    }
    throw error;
  }
  const { output: document, unknown } = readUserDocument(text, path);
  const warnings = unknown.map((problem) => problemText(problem, path, text));
  for (const warning of warnings) passNote(warning);
  const { settings: all, mirrors, daemon, fleet } = document;
  const [problem] = definitionProblems(document.catalogue);
  if (problem !== undefined) throw problemError(problem, { what: "settings", path }, text);
  const { socket_path: socketPath, ...rest } = daemon;
  const socket = rest.socket ?? socketPath;
  const { trusted_paths: trustedPaths, allowed_shims: allowedShims, ...settings } = all;
  return {
    settings,
    catalogue: builtInCatalogue.with(definitionsOf(document.catalogue, { file: path, isUsers: true })),
    mirrors,
    trustedPaths,
    allowedShims,
    daemon: { ...rest, ...(socket === undefined ? {} : { socket }) },
    fleet,
    unknown: warnings,
  };
}

/**
 * Reads the text of a config.toml. A key that is not known there, such as a newer haft's, counts for nothing;
 * but in what decides who may use this machine, or what is installed, it is a mistake.
 *
 * @throws {UsageError}
 */
export function readUserDocument(
  text: string,
  path: string,
): { output: UserConfigDocument; unknown: ManifestProblem[] } {
  return readTolerant(text, UserConfigDocument, { what: "settings", path, isOptional });
}

function isOptional([section, ...rest]: ManifestProblem["keys"]): boolean {
  return rest.length === 0 || section === "settings" || section === "daemon";
}
