import { Cron } from "croner";
import { errorMessage } from "../../base/errors.ts";
import type { ManifestProblem } from "../../tools/manifest/manifest_problem.ts";
import type { AppConfig } from "./app_schema.ts";

/**
 * What is wrong with an app's schedule: no cron expression, an unknown time zone, or a time that never comes.
 */
export function scheduleProblems(name: string, config: AppConfig): ManifestProblem[] {
  const { schedule, schedule_timezone: timezone, instances } = config;
  const problem = (key: string, words: string, next?: string): ManifestProblem[] => [{
    keys: ["apps", name, key],
    message: `key "apps.${name}.${key}" ${words}`,
    ...(next === undefined ? {} : { next }),
  }];
  if (schedule === undefined) {
    return timezone === undefined ? [] : problem("schedule_timezone", "needs a schedule");
  }
  if (instances > 1) return problem("schedule", 'excludes "instances"');
  if (timezone !== undefined && !isTimezone(timezone)) {
    const next = 'Write one such as "Europe/Berlin" or "UTC"';
    return problem("schedule_timezone", `is no time zone: "${timezone}"`, next);
  }
  try {
    return cronJob(schedule, timezone).nextRun() === null
      ? problem("schedule", `never comes: "${schedule}"`, "Correct its day, month or year")
      : [];
  } catch (error) {
    const next = 'Write a cron expression such as "*/5 * * * *"';
    return problem("schedule", `is no schedule: "${schedule}" (${errorMessage(error)})`, next);
  }
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
