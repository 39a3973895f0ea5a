import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { processLock } from "../../runtime/process_lock.ts";
import { parseDuration } from "../../process/config/duration.ts";
import { readTextIfAny } from "../../tools/lockfile/read_lock_file.ts";
import { DaemonSettings, UserConfigDocument, UserSettings } from "../../tools/manifest/manifest_schema.ts";
import { patchTable } from "../../tools/manifest/patch_toml.ts";
import { parseDocument, readSection } from "../../tools/manifest/read_toml.ts";
import { readUserDocument } from "../../tools/project/user_config.ts";
import { userConfigPath } from "../../tools/project/user_config_path.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import { createStyle } from "../../ui/style.ts";
import { table } from "../../ui/table.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { type Setting, settingsInForce } from "./settings.ts";

export type ConfigOptions =
  | { action: "list"; json: boolean }
  | { action: "path"; json: boolean }
  | { action: "get"; key: string; json: boolean }
  | { action: "set"; key: string; value: string }
  | { action: "unset"; key: string };

export const command: Command<ConfigOptions> = {
  usage: [
    "   # every setting: its value, where it stands, its default",
    "get KEY",
    "set KEY VALUE   # in your own config.toml",
    "unset KEY",
    "path",
  ],
  flags: [{ name: "json", description: "Print JSON: [{key, value, file, default}]; with get, the value" }],
  examples: ["haft config set jobs 4", "haft config get settings.jobs", "haft config unset jobs"],
  completes: ["list", "get", "set", "unset", "path"],
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): ConfigOptions {
  const [action = "list", key, value, ...more] = [...positional, ...rest];
  const json = flags.has("json");
  const words = { list: 0, ls: 0, path: 0, get: 1, unset: 1, set: 2 };
  if (!Object.hasOwn(words, action)) {
    throw new UsageError(`"haft config" has no "${action}"`, {
      next: didYouMean(nearestNames(action, Object.keys(words))) ??
        `To look at a setting: "haft config get ${action}"`,
    });
  }
  const given = [key, value, ...more].filter((word) => word !== undefined).length;
  const wanted = words[action as keyof typeof words];
  if (given !== wanted) {
    throw new UsageError(
      `"haft config ${action}" takes ${["nothing more", "a key", "a key and a value"][wanted]}`,
      {
        next: 'Write "haft config get jobs", "haft config set jobs 4" or "haft config unset jobs"',
      },
    );
  }
  if (action === "path") return { action, json };
  if (action === "get" && key !== undefined) return { action, key: fullKey(key), json };
  if (action === "unset" && key !== undefined) return { action, key: fullKey(key) };
  if (action === "set" && key !== undefined && value !== undefined) {
    return { action, key: fullKey(key), value };
  }
  return { action: "list", json };
}

/** A key without a section is one of `[settings]`. */
function fullKey(key: string): string {
  return key.includes(".") ? key : `settings.${key}`;
}

async function run(options: ConfigOptions, context: Context): Promise<ExitCode> {
  const { stdout, home, paths } = context;
  const path = userConfigPath(paths.config);
  switch (options.action) {
    case "path":
      await stdout.data(options.json ? `${JSON.stringify(path)}\n` : `${path}\n`);
      return ExitCode.ok;
    case "list": {
      const rows = settingsInForce(context);
      await stdout.write(
        options.json ? `${JSON.stringify(rows, null, 2)}\n` : settingTable(rows, { stdout, home }),
      );
      return ExitCode.ok;
    }
    case "get": {
      const found = settingsInForce(context).find(({ key }) => key === options.key);
      if (found === undefined) {
        throw new HaftError(`"${options.key}" is not set`, { next: nearestSetting(options.key) });
      }
      const text = options.json || typeof found.value !== "string"
        ? JSON.stringify(found.value)
        : found.value;
      await stdout.data(`${text}\n`);
      return ExitCode.ok;
    }
    case "set":
    case "unset":
      await changeConfig(path, options, context);
      return ExitCode.ok;
  }
}

function settingTable(rows: readonly Setting[], { stdout, home }: Pick<Context, "stdout" | "home">): string {
  const { dim } = createStyle(stdout.color);
  return table([
    ["setting", "value", "from", "default"].map(dim),
    ...rows.map(({ key, value, file, default: usual }) => [
      key,
      JSON.stringify(value),
      file === null ? dim("default") : shortPath(file, home),
      file === null || usual === null ? "" : JSON.stringify(usual),
    ]),
  ], stdout);
}

/** A key that is no setting's has a near one; else the settings in force are of use. */
function nearestSetting(key: string): string {
  const [section = "", ...words] = key.split(".");
  const sections: Readonly<Record<string, object>> = {
    settings: UserSettings.entries,
    daemon: DaemonSettings.entries,
  };
  const names = Object.keys(sections[section] ?? {});
  const near = names.includes(words.join(".")) ? [] : nearestNames(words.join("."), names);
  return didYouMean(near.map((name) => `${section}.${name}`)) ?? 'See "haft config"';
}

/** @throws {UsageError} when the file would not be one of haft's any more; it is as it was then */
async function changeConfig(
  path: string,
  { key, ...change }: { action: "set"; key: string; value: string } | { action: "unset"; key: string },
  { paths: { state }, signal }: Context,
): Promise<void> {
  makePrivateDirectory(state);
  using _lock = await processLock(join(state, "config.lock"), { signal });
  const text = readTextIfAny(path) ?? "";
  const [section = "", ...words] = key.split(".");
  // An address has dots of its own.
  const name = words.join(".");
  // A file that is wrong already says so itself; what is wrong after that is the new value.
  const { unknown } = readUserDocument(text, path);
  const changed = await patchTable(text, section, (entries) => {
    if (change.action === "set") entries[name] = valueOf(change.value);
    else if (!Object.hasOwn(entries, name)) throw new HaftError(`"${key}" is not set in "${path}"`);
    else delete entries[name];
  });
  const { problems } = readSection(
    parseDocument(changed, { what: "settings", path }),
    UserConfigDocument,
    [],
  );
  const problem = problems.find(({ message }) => unknown.every((before) => before.message !== message));
  if (problem !== undefined) {
    throw new UsageError(`Cannot set "${key}": ${problem.message.replace(`key "${key}"`, "it")}`, {
      next: (change.action === "set" ? rightForm(key, change.value, problem.message) : undefined) ??
        problem.next ??
        'See "haft config" for the settings in force',
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeAtomic(path, changed, { mode: 0o600 });
}

/** The command with the value as its key takes it; undefined where that cannot be told. */
function rightForm(key: string, value: string, message: string): string | undefined {
  if (message.includes("must be a list")) {
    return `Write a list, such as "haft config set ${key} '${JSON.stringify([value])}'"`;
  }
  const time = parseDuration(value);
  return time !== undefined && /idle_exit|stall_timeout/.test(key)
    ? `Write it in seconds: "haft config set ${key} ${Math.round(time / 1000)}"`
    : undefined;
}

/** A number, `true`, `false` or a list is written as such; everything else is text. */
function valueOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? text : value;
  } catch {
    return text;
  }
}
