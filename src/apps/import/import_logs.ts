/** What other supervisors say of log files, as `log` of an app. */
import { posix } from "node:path";
import type { Draft } from "./draft.ts";
import { asText } from "./values.ts";

export const OWN_LOGS = 'haft keeps the logs of each app itself: "haft app logs"';

/** Names that stand for no file: off, the supervisor's own output, its own choice. */
const NO_FILE = /^(\/dev\/.*|null|none|auto|syslog|)$/i;

/**
 * Sets a file of `log`; one that is no file is named.
 *
 * @param key as the source has it
 * @param options.value with variables as haft fills them in
 */
export function setLogFile(
  draft: Draft,
  { key, to, value, directory }: {
    key: string;
    to: "file" | "stdout" | "stderr";
    value: unknown;
    /** What a relative path is below; the project by default. */
    directory?: unknown;
  },
): void {
  const path = asText(value).trim();
  if (NO_FILE.test(path)) return draft.note(key, OWN_LOGS);
  const isRelative = !/^([/~$]|[A-Za-z]:)/.test(path);
  const placed = isRelative && typeof directory === "string" ? posix.join(directory, path) : path;
  draft.setIn("log", to, placed);
}

/** A text in which a dollar is no variable. */
export function plainPath(value: unknown): string {
  return asText(value).replaceAll("$", "$$$$");
}
