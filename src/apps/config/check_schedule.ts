import { readFileSync } from "node:fs";
import { Cron } from "croner";
import { errorMessage, UsageError } from "../../base/errors.ts";
import { positionKey, scanToml } from "../../tools/manifest/toml_scanner.ts";
import type { AppConfig } from "./app_schema.ts";

/**
 * Checks the schedule of an app of a manifest.
 *
 * @param path of the manifest
 * @throws {UsageError} with the line, when it is no cron expression, its time zone is unknown, or its time
 * never comes
 */
export function checkSchedule(name: string, config: AppConfig, path: string): void {
  const { schedule, schedule_timezone: timezone, instances } = config;
  const refuse = (key: string, problem: string, next?: string) =>
    new UsageError(
      `Cannot read manifest "${path}": ${
        lineOf(path, ["apps", name, key])
      }key "apps.${name}.${key}" ${problem}`,
      next === undefined ? {} : { next },
    );
  if (schedule === undefined) {
    if (timezone !== undefined) throw refuse("schedule_timezone", "needs a schedule");
    return;
  }
  if (instances > 1) throw refuse("schedule", 'excludes "instances"');
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw refuse(
      "schedule_timezone",
      `is no time zone: "${timezone}"`,
      'Write one such as "Europe/Berlin" or "UTC"',
    );
  }
  let next: Date | null;
  try {
    next = cronJob(schedule, timezone).nextRun();
  } catch (error) {
    throw refuse(
      "schedule",
      `is no schedule: "${schedule}" (${errorMessage(error)})`,
      'Write a cron expression such as "*/5 * * * *"',
    );
  }
  if (next === null) throw refuse("schedule", `never comes: "${schedule}"`, "Correct its day, month or year");
}

/** A job that is not running: its next times can be asked for. */
export function cronJob(schedule: string, timezone: string | undefined): Cron {
  return new Cron(schedule, { paused: true, ...(timezone === undefined ? {} : { timezone }) });
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `haft.toml:12: `, or nothing when the key's place cannot be found. */
function lineOf(path: string, keys: readonly string[]): string {
  try {
    const place = scanToml(readFileSync(path, "utf8")).positions.get(positionKey(keys));
    return place === undefined ? "" : `${path}:${place.line}: `;
  } catch {
    return "";
  }
}
