import { UsageError } from "../../base/errors.ts";
import { checkSection } from "../../tools/manifest/read_toml.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";
import { dependencyCycle } from "../../base/dependency_order.ts";
import { type AppConfig, AppTable } from "./app_schema.ts";
import { checkSchedule } from "./check_schedule.ts";

/** Longest name of an app, in UTF-16 units as everywhere in JSON. */
export const LONGEST_NAME = 300;

/**
 * Reads the `[apps]` of a manifest.
 *
 * @param path how messages name the manifest
 * @throws {UsageError} naming the file, the key and what was expected; or the circle of dependencies
 */
export function parseApps(section: Readonly<Record<string, unknown>>, path: string): Map<string, AppConfig> {
  const apps = new Map<string, AppConfig>();
  for (const [name, table] of Object.entries(section)) {
    checkAppName(name, `Cannot read manifest "${path}"`);
    apps.set(name, checkSection(appTable(table), AppTable, { what: "manifest", path, keys: ["apps", name] }));
  }
  checkDependencies(apps, path);
  return apps;
}

/**
 * Reads one app that no manifest has.
 *
 * @throws {UsageError} naming the key and what was expected
 */
export function parseApp(name: string, table: unknown): AppConfig {
  checkAppName(name, "Cannot start the app");
  return checkSection(appTable(table), AppTable, { what: "app", path: name, keys: [] });
}

/** A text or a list alone is a command. */
function appTable(table: unknown): unknown {
  return typeof table === "string" || Array.isArray(table) ? { command: table } : table;
}

function checkAppName(name: string, start: string): void {
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  if (name.trim() === "") throw new UsageError(`${start}: an app has no name`);
  if (name.length > LONGEST_NAME) {
    throw new UsageError(`${start}: the app's name "${shown}" has ${name.length} characters`, {
      next: `Give it a name of ${LONGEST_NAME} characters or less`,
    });
  }
  // deno-lint-ignore no-control-regex
  if (/[\0-\x1f\x7f]/.test(name)) {
    throw new UsageError(`${start}: the app's name ${JSON.stringify(shown)} has a control character`);
  }
}

function checkDependencies(apps: ReadonlyMap<string, AppConfig>, path: string): void {
  for (const [name, config] of apps) {
    const { depends_on: dependsOn } = config;
    for (const [other, condition] of Object.entries(dependsOn)) {
      const key = `apps.${name}.depends_on.${other}`;
      const target = apps.get(other);
      if (target === undefined) {
        const next = didYouMean(nearestNames(other, [...apps.keys()].filter((one) => one !== name)));
        throw new UsageError(
          `Cannot read manifest "${path}": key "${key}" names no app`,
          next === undefined ? {} : { next },
        );
      }
      if (condition === "healthy" && target.health === undefined) {
        throw new UsageError(
          `Cannot read manifest "${path}": key "${key}" waits for an app without a health check`,
          {
            next: `Give "${other}" one, [apps.${other}.health], or wait for "started"`,
          },
        );
      }
    }
    checkSchedule(name, config, path);
  }
  const cycle = dependencyCycle(dependencyTable(apps));
  if (cycle !== undefined) {
    throw new UsageError(
      `Cannot read manifest "${path}": apps depend on each other in a circle: ${cycle.join(" → ")}`,
      {
        next: "Take one of these depends_on away",
      },
    );
  }
}

/** App → the apps that it waits for. */
export function dependencyTable(apps: ReadonlyMap<string, AppConfig>): Map<string, string[]> {
  return new Map([...apps].map(([name, { depends_on: dependsOn }]) => [name, Object.keys(dependsOn)]));
}
