import { OWN_LOGS, setLogFile } from "./import_logs.ts";
import type { Draft, Rule, Rules } from "./draft.ts";
import { parseSections } from "./config_parser.ts";
import { type Imported, ImportedApps, type ImportSettings } from "./imported.ts";
import {
  asBoolean,
  asCount,
  asNumber,
  asSeconds,
  asSignal,
  asText,
  expandedWord,
  Mismatch,
  splitWords,
  type Table,
} from "./values.ts";

const EVENTS = 'haft has events of its own: "haft ipc-send events.subscribe"';

/** Read after all others. */
const WITH_OTHERS: Rule = () => {};

const PROGRAM: Rules = {
  command: (value, draft) => {
    const words = splitWords(asText(value));
    const expands = words.some((word) => word.includes(VARIABLE));
    draft.set("command", expands ? words.map(variableWord).join(" ") : words);
  },
  process_name: (value, draft) => {
    if (value !== "%(program_name)s") draft.note("process_name", "instances are named by their number");
  },
  numprocs: (value, draft) => {
    const count = asCount(value);
    if (count > 1) draft.set("instances", count);
  },
  numprocs_start: "instances are counted from 0: HAFT_APP_INSTANCE",
  priority: (value, draft) => {
    if (asNumber(value) !== 999) draft.note("priority", "depends_on says what starts before what");
  },
  autostart: (value, draft) => draft.set("autostart", asBoolean(value)),
  autorestart: (value, draft) => {
    if (asText(value) === "unexpected") return draft.set("restart", "on-failure");
    draft.set("restart", asBoolean(value) ? "always" : "no");
  },
  startsecs: (value, draft) => draft.setIn("backoff", "reset_after", asSeconds(value)),
  startretries: (value, draft) => draft.setIn("backoff", "max_attempts", asNumber(value)),
  exitcodes: (value, draft) => {
    if (asText(value).trim() !== "0") {
      draft.note("exitcodes", 'restart = "on-failure" restarts after every exit but 0');
    }
  },
  stopsignal: (value, draft) => draft.set("stop_signal", asSignal(value)),
  stopwaitsecs: (value, draft) => draft.set("stop_timeout", asSeconds(value)),
  stopasgroup: "a stop is always of the whole tree",
  killasgroup: "a stop is always of the whole tree",
  directory: (value, draft) => draft.set("cwd", asText(value)),
  environment: (value, draft) =>
    draft.addVariables("environment", environment(asText(value)), { expands: true }),
  user: (value, draft) => {
    if (!/^\d+$/.test(asText(value))) {
      throw new Mismatch("haft takes the number of a user, and as root alone");
    }
    draft.set("uid", asNumber(value));
  },
  umask: "an app has the umask of the command that starts it",
  redirect_stderr: WITH_OTHERS,
  stdout_logfile: WITH_OTHERS,
  stderr_logfile: WITH_OTHERS,
  stdout_logfile_maxbytes: logSize,
  stderr_logfile_maxbytes: logSize,
  stdout_logfile_backups: logFiles,
  stderr_logfile_backups: logFiles,
  stdout_capture_maxbytes: EVENTS,
  stderr_capture_maxbytes: EVENTS,
  stdout_events_enabled: EVENTS,
  stderr_events_enabled: EVENTS,
  stdout_syslog: OWN_LOGS,
  stderr_syslog: OWN_LOGS,
  serverurl: "haft has no XML-RPC",
};

/** Sections that say nothing about programs. */
const OTHER_SECTIONS: Readonly<Record<string, string>> = {
  supervisord: "the daemon is haft's",
  supervisorctl: 'the daemon is asked by "haft app"',
  unix_http_server: "the daemon is haft's",
  inet_http_server: "haft listens on this machine's own socket alone",
  include: "import these files, too",
  group: "haft has no groups; name the apps that are meant",
  eventlistener: EVENTS,
  "fcgi-program": "haft opens no sockets for programs",
  rpcinterface: "haft has no XML-RPC",
  ctlplugin: "haft has no plug-ins",
};

/** A supervisord.conf: its programs. */
export function importSupervisord(text: string, { directory }: ImportSettings): Imported {
  const imported = new ImportedApps();
  const sections = parseSections(
    text,
    (line, content) => imported.note(`line ${line}`, `not "KEY = VALUE": ${content}`),
  );
  for (const { name: section, values } of sections) {
    const [kind = "", name = ""] = section.split(":", 2).map((part) => part.trim());
    if (kind !== "program") {
      imported.note(`[${section}]`, OTHER_SECTIONS[kind] ?? "no section of supervisord's that haft knows");
      continue;
    }
    const draft = imported.draft(name);
    draft.set("command", undefined);
    const expanded: Table = {};
    for (const [key, value] of Object.entries(values)) {
      expanded[key] = expand(value, { key, name, directory, draft });
    }
    draft.apply(expanded, PROGRAM, { of: "supervisord's" });
    setLogFiles(expanded, draft);
    imported.add(draft);
  }
  return imported.finish();
}

/** With `redirect_stderr`, the file of stdout is that of both streams. */
function setLogFiles(
  { stdout_logfile: out, stderr_logfile: err, redirect_stderr }: Table,
  draft: Draft,
): void {
  const isRedirected = redirect_stderr !== undefined && asBoolean(redirect_stderr);
  if (out !== undefined) {
    setLogFile(draft, { key: "stdout_logfile", to: isRedirected ? "file" : "stdout", value: out });
  } else if (isRedirected) draft.note("redirect_stderr", '"haft app logs" shows both streams in order');
  if (err === undefined) return;
  if (isRedirected) draft.note("stderr_logfile", "redirect_stderr is the one that counts");
  else setLogFile(draft, { key: "stderr_logfile", to: "stderr", value: err });
}

/** Fills in `%(program_name)s` and the like; what differs by process or machine is named. */
function expand(
  text: string,
  { key, name: program, directory, draft }: { key: string; name: string; directory: string; draft: Draft },
): string {
  const isFilledIn = key === "environment" || LOG_FILE.test(key);
  const own = isFilledIn ? text.replaceAll("$", "$$$$") : text;
  return own.replace(/%\(([A-Za-z_0-9]+)\)(?:0?\d*)([sd])|%%/g, (whole, variable?: string) => {
    if (whole === "%%") return "%";
    if (key === "process_name") return whole;
    if (variable === "program_name" || variable === "group_name") return program;
    if (variable === "here") return directory;
    const caller = variable === "process_num" ? "HAFT_APP_INSTANCE" : /^ENV_(.+)$/.exec(variable ?? "")?.[1];
    if (caller !== undefined && key === "command") return `${VARIABLE}{${caller}}`;
    if (caller !== undefined && isFilledIn) return `\${${caller}}`;
    draft.note(key, `${whole} is not filled in`);
    return whole;
  });
}

const LOG_FILE = /^std(out|err)_logfile$/;

/** Stands for the dollar of a variable that a shell fills in; supervisord's own dollars are no variables. */
const VARIABLE = "\0";

function variableWord(word: string): string {
  return expandedWord(word, /["\\`$]/g).replaceAll(VARIABLE, "$");
}

/** `KEY="value",OTHER=value`, also over several lines. */
function environment(text: string): Table {
  const variables: Table = {};
  const pair = /\s*([^=,\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^,\n]*))\s*(?:,|\n|$)/gy;
  let end = 0;
  for (const [whole, name = "", double, single, bare] of text.matchAll(pair)) {
    variables[name] = double?.replace(/\\(.)/g, "$1") ?? single ?? bare?.trim() ?? "";
    end += whole.length;
  }
  if (text.slice(end).trim() !== "") throw new Mismatch(`"${text.slice(end).trim()}" is no KEY="value"`);
  return variables;
}

function logSize(value: unknown, draft: Draft): void {
  const [, amount = "", unit = ""] = /^(\d+)\s*(|KB|MB|GB)$/i.exec(asText(value)) ?? [];
  if (amount === "") throw new Mismatch(`"${value}" is no size`);
  if (Number(amount) === 0) throw new Mismatch("logs are always rotated");
  draft.setIn("log", "max_size", `${amount}${unit === "" ? "B" : unit.toUpperCase().replace("B", "iB")}`);
}

function logFiles(value: unknown, draft: Draft): void {
  // supervisord does not count the current file.
  draft.setIn("log", "keep", asNumber(value) + 1);
}
