import { UsageError } from "../../base/errors.ts";
import { type ManifestProblem, problemError } from "../../tools/manifest/manifest_problem.ts";
import { checkSection, readSection } from "../../tools/manifest/read_toml.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import { dependencyCycles } from "../../base/dependency_order.ts";
import { type AppConfig, AppTable } from "./app_schema.ts";
import { scheduleProblems } from "./check_schedule.ts";
import { placementProblems } from "./check_placement.ts";

/** Longest name of an app, in UTF-16 units as everywhere in JSON. */
export const LONGEST_NAME = 300;

/**
 * Reads the `[apps]` of a manifest.
 *
 * @param path how messages name the manifest
 * @throws {UsageError} naming the file, the key and what was expected; or the circle of dependencies
 */
export function parseApps(section: Readonly<Record<string, unknown>>, path: string): Map<string, AppConfig> {
  const { apps, problems: [problem] } = readApps(section);
  if (problem !== undefined) throw problemError(problem, { what: "manifest", path });
  return apps;
}

/** The apps that can be read, and all that is wrong. */
export function readApps(
  section: Readonly<Record<string, unknown>>,
): { apps: Map<string, AppConfig>; problems: ManifestProblem[] } {
  const apps = new Map<string, AppConfig>();
  /** Those that can be read, and what is sound of the others. */
  const checked = new Map<string, AppConfig>();
  const problems: ManifestProblem[] = [];
  for (const [name, table] of Object.entries(section)) {
    const wrong = nameProblem(name);
    if (wrong !== undefined) problems.push({ keys: ["apps", name], ...wrong });
    const app = readSection(appTable(table), AppTable, ["apps", name]);
    problems.push(...app.problems);
    if (app.output !== undefined) apps.set(name, app.output);
    const sound = app.output ?? soundPart(table, app.problems);
    if (sound !== undefined) checked.set(name, sound);
  }
  problems.push(...dependencyProblems(checked, { all: Object.keys(section), sound: apps }));
  for (const [name, config] of checked) {
    problems.push(...scheduleProblems(name, config), ...placementProblems(name, config, checked));
  }
  return { apps, problems };
}

/**
 * Reads one app that no manifest has.
 *
 * @throws {UsageError} naming the key and what was expected
 */
export function parseApp(name: string, table: unknown): AppConfig {
  const wrong = nameProblem(name);
  if (wrong !== undefined) {
    const { message, next } = wrong;
    throw new UsageError(`Cannot start the app: ${message}`, next === undefined ? {} : { next });
  }
  return checkSection(appTable(table), AppTable, { what: "app", path: name, keys: [] });
}

/**
 * What an app was started with. Its record may be of an older haft, or damaged: what runs is supervised
 * anyway.
 *
 * @param table null when it was never started
 */
export function recordedConfig(name: string, table: unknown): AppConfig {
  try {
    return parseApp(name, table ?? NEVER_STARTED);
  } catch {
    return parseApp(name, NEVER_STARTED);
  }
}

const NEVER_STARTED = { command: ["true"] };

/** The first that is wrong with an app of another supervisor's file; undefined when haft can run it. */
export function appProblem(name: string, table: unknown): ManifestProblem | undefined {
  const wrong = nameProblem(name);
  if (wrong !== undefined) return { keys: ["apps", name], ...wrong };
  const { output, problems: [problem] } = readSection(appTable(table), AppTable, ["apps", name]);
  return problem ?? (output === undefined ? undefined : scheduleProblems(name, output)[0]);
}

/** An app without its keys that are wrong, so that the others can be checked too. */
function soundPart(table: unknown, problems: readonly ManifestProblem[]): AppConfig | undefined {
  if (typeof table !== "object" || table === null || Array.isArray(table)) return undefined;
  const wrong = new Set(problems.map(({ keys: [, , key] }) => key));
  const sound = Object.entries(table).filter(([key]) => !wrong.has(key));
  return readSection({ ...NEVER_STARTED, ...Object.fromEntries(sound) }, AppTable, []).output;
}

/** A text or a list alone is a command. */
function appTable(table: unknown): unknown {
  return typeof table === "string" || Array.isArray(table) ? { command: table } : table;
}

function nameProblem(name: string): Pick<ManifestProblem, "message" | "next"> | undefined {
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  if (name.trim() === "") return { message: "an app has no name" };
  if (name.length > LONGEST_NAME) {
    return {
      message: `the app's name "${shown}" has ${name.length} characters`,
      next: `Give it a name of ${LONGEST_NAME} characters or less`,
    };
  }
  if (name.startsWith("-")) {
    return {
      message: `the app's name "${shown}" begins with "-", as an option does`,
      next: "Give it a name that a command can be given",
    };
  }
  // deno-lint-ignore no-control-regex
  return /[\0-\x1f\x7f]/.test(name)
    ? { message: `the app's name ${JSON.stringify(shown)} has a control character` }
    : undefined;
}

/**
 * @param options.all the names of all apps
 * @param options.sound the apps that can be read: what others lack may be what is wrong with them
 */
function dependencyProblems(
  apps: ReadonlyMap<string, AppConfig>,
  { all, sound }: { all: readonly string[]; sound: ReadonlyMap<string, AppConfig> },
): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  for (const [name, { depends_on: dependsOn }] of apps) {
    for (const [other, condition] of Object.entries(dependsOn)) {
      const keys = ["apps", name, "depends_on", other];
      const key = keys.join(".");
      if (!all.includes(other)) {
        const next = didYouMean(nearestNames(other, all.filter((one) => one !== name)));
        problems.push({
          keys,
          message: `key "${key}" names no app`,
          ...(next === undefined ? {} : { next }),
        });
      } else if (condition === "healthy" && sound.has(other) && sound.get(other)?.health === undefined) {
        problems.push({
          keys,
          message: `key "${key}" waits for an app without a health check`,
          next: `Give "${other}" one, [apps.${other}.health], or wait for "started"`,
        });
      }
    }
  }
  for (const cycle of dependencyCycles(dependencyTable(apps))) {
    problems.push({
      keys: ["apps", cycle[0] ?? "", "depends_on"],
      message: `apps depend on each other in a circle: ${cycle.join(" → ")}`,
      next: "Take one of these depends_on away",
    });
  }
  return problems;
}

/** App → the apps that it waits for. */
export function dependencyTable(apps: ReadonlyMap<string, AppConfig>): Map<string, string[]> {
  return new Map([...apps].map(([name, { depends_on: dependsOn }]) => [name, Object.keys(dependsOn)]));
}
