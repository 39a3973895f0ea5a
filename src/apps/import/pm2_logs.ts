import type { Draft } from "./draft.ts";
import { OWN_LOGS, plainPath, setLogFile } from "./import_logs.ts";
import { asBoolean, Mismatch, type Table } from "./values.ts";

const FILES: Readonly<Record<string, "file" | "stdout" | "stderr">> = {
  out_file: "stdout",
  out: "stdout",
  output: "stdout",
  out_log: "stdout",
  error_file: "stderr",
  error: "stderr",
  err: "stderr",
  err_file: "stderr",
  err_log: "stderr",
  log_file: "file",
  log: "file",
};
const OTHERS = ["disable_logs", "log_type", "log_date_format", "time", "merge_logs", "combine_logs"];

/** The keys that {@link setPm2Logs} reads together. */
export const PM2_LOG_KEYS: readonly string[] = [...Object.keys(FILES), ...OTHERS];

/**
 * pm2's log files, below the app's `cwd`. Without `merge_logs` each of several instances has its own.
 * To be called after all else was read.
 */
export function setPm2Logs(app: Table, draft: Draft): void {
  const isOff = isTrue(app, "disable_logs", draft);
  if (isOff) draft.note("disable_logs", OWN_LOGS);
  const isMerged = isTrue(app, "merge_logs", draft) || isTrue(app, "combine_logs", draft);
  const isApart = draft.table["instances"] !== undefined && !isMerged;
  for (const [key, to] of Object.entries(FILES)) {
    const value = app[key];
    if (value === undefined || value === null) continue;
    if (isOff) {
      draft.note(key, OWN_LOGS);
      continue;
    }
    try {
      const path = plainPath(value);
      setLogFile(draft, {
        key,
        to,
        value: isApart ? path.replace(/(\.[^./]+)?$/, "-$HAFT_APP_INSTANCE$1") : path,
        directory: draft.table["cwd"],
      });
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      draft.note(key, error.message);
    }
  }
  setFormat(app, draft);
}

/** `log_type`, `time` and `log_date_format`, which are about these files. */
function setFormat(app: Table, draft: Draft): void {
  const { file, stdout, stderr } = draft.tableOf("log");
  const hasFiles = file !== undefined || stdout !== undefined || stderr !== undefined;
  const isJson = app["log_type"] === "json";
  if (hasFiles && isJson) draft.setIn("log", "format", "json");
  else if (isSet(app, "log_type")) draft.note("log_type", "logs hold what the app wrote");
  for (const key of ["time", "log_date_format"]) {
    if (!isSet(app, key) || app[key] === false) continue;
    if (!hasFiles) draft.note(key, "haft keeps the time of each line itself");
    else if (!isJson) draft.setIn("log", "timestamps", true);
    if (hasFiles && key === "log_date_format") {
      draft.note(key, "a time is written as 2026-01-31T12:00:00.000Z");
    }
  }
  for (const key of ["merge_logs", "combine_logs"]) {
    if (!hasFiles && isSet(app, key)) draft.note(key, '"haft app logs" merges the logs of instances');
  }
}

function isSet(app: Table, key: string): boolean {
  return app[key] !== undefined && app[key] !== null;
}

function isTrue(app: Table, key: string, draft: Draft): boolean {
  if (!isSet(app, key)) return false;
  try {
    return asBoolean(app[key]);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    draft.note(key, error.message);
    return false;
  }
}
