/** The families of files, for the setting `version_files`; the first that names a tool decides. */
export const VERSION_FILES = [
  "mise.toml",
  ".tool-versions",
  "vx.toml",
  ".nvmrc",
  ".node-version",
  ".python-version",
  "package.json",
] as const;
export type VersionFileFamily = typeof VERSION_FILES[number];
