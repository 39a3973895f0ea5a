import type { Draft, Rules } from "./draft.ts";
import { setLogFile } from "./import_logs.ts";
import { asBoolean, asCount, asNumber, asTable, asText, isTable, type Table } from "./values.ts";

const ROTATION: Rules = {
  max_size_mb: (value, draft) => draft.setIn("log", "max_size", `${asNumber(value)}MiB`),
  max_backups: (value, draft) => draft.setIn("log", "keep", asCount(value)),
  max_age_days: "haft keeps files by their number",
  compress: "haft keeps files as they are",
};

const CONFIGURATION: Rules = {
  rotation: (value, draft) =>
    draft.apply(asTable(value), ROTATION, {
      prefix: "log_configuration.rotation.",
      of: "process-compose's",
    }),
  disable_json: (value, draft) => draft.setIn("log", "format", asBoolean(value) ? "text" : "json"),
  add_timestamp: (value, draft) => draft.setIn("log", "timestamps", asBoolean(value)),
  timestamp_format: "a time is written as 2026-01-31T12:00:00.000Z",
  fields_order: "the fields of a line of JSON have the order of haft app logs --json",
  no_metadata: "a line of JSON names its app",
  no_color: "logs hold what the app wrote",
  flush_each_line: "lines are written as they come",
};

/**
 * A process's log file and its settings. process-compose writes lines of JSON unless `disable_json` says
 * otherwise; what a process does not say, the file says for all.
 */
export function setProcessLogs(process: Table, file: Table, draft: Draft): void {
  const own = process["log_location"];
  const location = own ?? file["log_location"];
  if (location !== undefined && location !== null) {
    const path = asText(location);
    const placed = path.replaceAll("{PC_REPLICA_NUM}", "$HAFT_APP_INSTANCE");
    // Several replicas without a place for their number have it behind the name.
    const isApart = draft.table["instances"] !== undefined && placed === path && own === location;
    const value = isApart ? `${path}.$HAFT_APP_INSTANCE` : placed;
    setLogFile(draft, { key: "log_location", to: "file", value });
  }
  const settings = process["log_configuration"] ?? file["log_configuration"];
  if (isTable(settings)) {
    draft.apply(settings, CONFIGURATION, { prefix: "log_configuration.", of: "process-compose's" });
  }
  const log = draft.tableOf("log");
  if (log["file"] === undefined) {
    const { format: _format, timestamps: _timestamps, ...kept } = log;
    draft.set("log", Object.keys(kept).length === 0 ? undefined : kept);
    if (draft.table["log"] === undefined) delete draft.table["log"];
  } else if (log["format"] === undefined) draft.setIn("log", "format", "json");
}
