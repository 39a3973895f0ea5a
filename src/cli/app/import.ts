import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { noteText } from "../../apps/import/draft.ts";
import type { Imported } from "../../apps/import/imported.ts";
import { isTable } from "../../apps/import/values.ts";
import { errorCode, errorMessage, HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { openProject } from "../../tools/project/project.ts";
import { askYesNo, canAsk } from "../ask.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG, noFurther, textFlag } from "../flag_values.ts";

export interface AppImportOptions {
  file: string | undefined;
  environment: string | undefined;
  write: boolean;
  yes: boolean;
  json: boolean;
}

export const command: Command<AppImportOptions> = {
  usage: ["[FILE]   # Procfile, ecosystem.config.js, compose.yaml …"],
  flags: [
    { name: "write", short: "w", description: "Append the apps to haft.toml" },
    { name: "env", value: "NAME", description: "Take pm2's env_NAME, too" },
    { name: "yes", short: "y", description: "Run a configuration that is a program without asking" },
    JSON_FLAG,
  ],
  examples: [
    "haft app import Procfile --write",
    "haft app import ecosystem.config.js --env production",
    "haft app import process-compose.yaml >> haft.toml",
  ],
  completes: "files",
  parse,
  run,
};

function parse(args: ParsedArgs): AppImportOptions {
  const [file, ...more] = [...args.positional, ...args.rest];
  noFurther(more, "Import one file at a time");
  return {
    file,
    environment: textFlag(args, "env"),
    write: args.flags.has("write"),
    yes: args.flags.has("yes"),
    json: args.flags.has("json"),
  };
}

/** Prints or writes the apps as haft.toml has them, and names all that has no counterpart there. */
async function run(options: AppImportOptions, context: Context): Promise<ExitCode> {
  const { cwd, stdout, stderr } = context;
  const file = options.file ?? await onlyFile(cwd);
  const path = resolve(cwd, file);
  const { files } = openProject(cwd, context);
  const root = files.manifestPath === undefined ? cwd : dirname(files.manifestPath);
  const imported = await read(path, { ...options, file }, context);
  const apps = movedApps(imported.apps, relative(root, dirname(path)));
  if (options.json) await stdout.data(`${JSON.stringify({ apps, notes: imported.notes })}\n`);
  const names = Object.keys(apps);
  if (names.length > 0) {
    const { stringify } = await import("smol-toml");
    const text = stringify({ apps });
    if (options.write) {
      const { writeApps } = await import("./write_apps.ts");
      const written = await writeApps({ names, text, directory: root }, context);
      await stderr.write(
        `Wrote ${names.length === 1 ? "1 app" : `${names.length} apps`} to ${written}\n` +
          '  "haft trust" allows them to run, "haft app up" starts them\n',
      );
    } else if (!options.json) await stdout.data(text);
  }
  if (!options.json) { for (const note of imported.notes) await stderr.write(`${noteText(note)}\n`); }
  if (names.length > 0) return ExitCode.ok;
  throw new HaftError(`"${file}" has no app that haft can run`, {
    next: 'Write one: [apps.NAME] with command = "…"',
  });
}

async function onlyFile(cwd: string): Promise<string> {
  const { USUAL_FILES } = await import("../../apps/import/import_apps.ts");
  const [found, ...others] = USUAL_FILES.filter((name) => existsSync(join(cwd, name)));
  if (found === undefined) {
    throw new UsageError("haft app import takes a file", {
      next: 'Name one: "haft app import Procfile"',
    });
  }
  if (others.length === 0) return found;
  throw new UsageError(`Which file? There are ${[found, ...others].join(", ")}`, {
    next: `Name one: "haft app import ${found}"`,
  });
}

async function read(
  path: string,
  { file, environment, yes }: AppImportOptions & { file: string },
  context: Context,
): Promise<Imported> {
  const [{ importText, importValue, isProgramFile }, { readBunctlConfig }] = await Promise.all([
    import("../../apps/import/import_apps.ts"),
    import("../../dialects/bunctl_config.ts"),
  ]);
  const settings = { path: file, directory: dirname(path), environment, bunctl: readBunctlConfig };
  if (!isProgramFile(path)) return await importText(readText(path, file), settings);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) readText(path, file);
  if (!yes) await askToRun(file, context);
  const { evaluateConfig } = await import("./evaluate_config.ts");
  return importValue(await evaluateConfig(path, context), settings);
}

/** @throws {HaftError} when the answer is no, or there is no one to ask */
async function askToRun(file: string, context: Context): Promise<void> {
  const what = `"${file}" is a program`;
  const next = `Read it, then run "haft app import ${file} --yes"`;
  if (!canAsk(context)) throw new HaftError(`${what}, and haft does not run it without a yes`, { next });
  if (await askYesNo(`${what}: it can do all that you can do. Run it?`, context)) return;
  throw new HaftError(`${what}, and was not run`, { next });
}

function readText(path: string, file: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") {
      throw new HaftError(`There is no file "${path}"`, { next: "Name one that is there", cause: error });
    }
    throw new HaftError(`Cannot read "${file}": ${errorMessage(error)}`, { cause: error });
  }
}

/** Paths of a file that lies below the project's directory begin there. */
function movedApps(apps: Imported["apps"], directory: string): Imported["apps"] {
  if (directory === "") return apps;
  const move = (path: unknown) =>
    typeof path !== "string" || isAbsolute(path) || /^[~$]/.test(path)
      ? path
      : join(directory, path).replaceAll("\\", "/");
  const moved = (value: unknown) => Array.isArray(value) ? value.map(move) : move(value);
  const watched = (value: unknown) =>
    isTable(value)
      ? {
        ...value,
        paths: moved(value["paths"]),
        ...("ignore" in value ? { ignore: moved(value["ignore"]) } : {}),
      }
      : moved(value);
  return Object.fromEntries(
    Object.entries(apps).map(([name, app]) => {
      const { env_file: envFile, watch, log } = app;
      return [name, {
        ...app,
        cwd: move(app["cwd"] ?? "."),
        ...(envFile === undefined ? {} : { env_file: moved(envFile) }),
        ...(watch === undefined ? {} : { watch: watched(watch) }),
        ...(isTable(log) ? { log: movedLogs(log, move) } : {}),
      }];
    }),
  );
}

function movedLogs(log: Record<string, unknown>, move: (path: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(log).map(([key, value]) =>
      ["file", "stdout", "stderr"].includes(key) ? [key, move(value)] : [key, value]
    ),
  );
}
