import { OWN_LOGS, setLogFile } from "./import_logs.ts";
import { type Draft, type Rule, type Rules, unlessOff } from "./draft.ts";
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
import { processNumber } from "./supervisord_numbers.ts";

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
  numprocs_start: WITH_OTHERS,
  priority: (value, draft) => {
    if (asNumber(value) !== 999) draft.note("priority", "depends_on says what starts before what");
  },
  autostart: (value, draft) => draft.set("autostart", asBoolean(value)),
  autorestart: (value, draft) => {
    if (asText(value) === "unexpected") return draft.set("restart", "on-failure");
    draft.set("restart", asBoolean(value) ? "always" : "no");
  },
  startsecs: (value, draft) => draft.setIn("backoff", "reset_after", asSeconds(value)),
  startretries: (value, draft) => {
    const count = asNumber(value);
    draft.setIn("backoff", "max_attempts", Math.max(1, count));
    if (count === 0) {
      draft.note(
        "startretries",
        "a failed start is tried once more: with max_attempts = 0 haft would never restart it",
      );
    }
  },
  exitcodes: (value, draft) => {
    if (asText(value).trim() !== "0") {
      draft.note("exitcodes", 'restart = "on-failure" restarts after every exit but 0');
    }
  },
  stopsignal: (value, draft) => draft.set("stop_signal", asSignal(value)),
  stopwaitsecs: (value, draft) => draft.set("stop_timeout", asSeconds(value)),
  stopasgroup: unlessOff("a stop is always of the whole tree"),
  killasgroup: unlessOff("a stop is always of the whole tree"),
  directory: (value, draft) => draft.set("cwd", value),
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
  stdout_capture_maxbytes: unlessOff(EVENTS),
  stderr_capture_maxbytes: unlessOff(EVENTS),
  stdout_events_enabled: unlessOff(EVENTS),
  stderr_events_enabled: unlessOff(EVENTS),
  stdout_syslog: unlessOff(OWN_LOGS),
  stderr_syslog: unlessOff(OWN_LOGS),
  serverurl: "haft has no XML-RPC",
};

/** Sections that say nothing about programs. */
const OTHER_SECTIONS: Readonly<Record<string, string>> = {
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

/** Of `[supervisord]`: what is about its programs as well. */
const FOR_ALL: Rules = {
  environment: (value, draft) =>
    draft.addVariables("environment", environment(asText(value)), { expands: true }),
  user: "an app has the daemon's user; uid and gid are for root",
  umask: "an app has the umask of the command that starts it",
};

/** A supervisord.conf: its programs. */
export function importSupervisord(text: string, { directory }: ImportSettings): Imported {
  const imported = new ImportedApps();
  const sections = parseSections(
    text,
    (line, content) => imported.note(`line ${line}`, `not "KEY = VALUE": ${content}`),
  );
  const shared = sections.find(({ name }) => name === "supervisord")?.values ?? new Map<string, string>();
  noteShared(shared, imported);
  for (const { name: section, values } of sections) {
    const [kind = "", name = ""] = section.split(":", 2).map((part) => part.trim());
    if (section === "supervisord") continue;
    if (kind !== "program") {
      imported.note(`[${section}]`, OTHER_SECTIONS[kind] ?? "no section of supervisord's that haft knows");
      continue;
    }
    importProgram(name, { values, shared, directory }, imported);
  }
  return imported.finish();
}

/** The keys of `[supervisord]` that are about itself are named together. */
function noteShared(shared: ReadonlyMap<string, string>, imported: ImportedApps): void {
  const own = [...shared.keys()].filter((key) => !Object.hasOwn(FOR_ALL, key) && key !== "directory");
  if (own.length > 0) imported.note("[supervisord]", `${own.join(", ")}: the daemon is haft's`);
  for (const key of ["user", "umask"]) {
    if (shared.has(key)) imported.note(`[supervisord] ${key}`, String(FOR_ALL[key]));
  }
}

function importProgram(
  name: string,
  { values, shared, directory }: {
    values: ReadonlyMap<string, string>;
    shared: ReadonlyMap<string, string>;
    directory: string;
  },
  imported: ImportedApps,
): void {
  const draft = imported.draft(name);
  draft.set("command", undefined);
  const numbers = {
    count: Number(values.get("numprocs") ?? 1),
    first: Number(values.get("numprocs_start") ?? 0),
  };
  const filled = (key: string, value: string) => expand(value, { key, name, directory, draft, numbers });
  const environment = shared.get("environment");
  const where = shared.get("directory");
  if (environment !== undefined) {
    draft.apply({ environment: filled("environment", environment) }, FOR_ALL, {
      prefix: "[supervisord] ",
      of: "supervisord's",
    });
  }
  // Only as a daemon does supervisord change its directory.
  if (where !== undefined && !/^(true|yes|on|1)$/i.test(shared.get("nodaemon") ?? "")) {
    draft.set("cwd", filled("directory", where));
  }
  const expanded = Object.fromEntries([...values].map(([key, value]) => [key, filled(key, value)]));
  draft.apply(expanded, PROGRAM, { of: "supervisord's" });
  setRestarts(expanded, draft);
  setLogFiles(expanded, draft);
  imported.add(draft);
}

/** supervisord gives up after four starts in a row that ended within a second, unless told otherwise. */
function setRestarts(
  { autorestart = "unexpected", startretries, startsecs = "1" }: Table,
  draft: Draft,
): void {
  if (draft.table["restart"] === "no") {
    if (startretries !== undefined && startretries !== "0") {
      draft.note("startretries", `autorestart=${autorestart} restarts nothing, not even a failed start`);
    }
    delete draft.table["backoff"];
    return;
  }
  if (startretries === undefined) draft.setIn("backoff", "max_attempts", 3);
  if (draft.tableOf("backoff")["reset_after"] === undefined) {
    draft.setIn("backoff", "reset_after", asSeconds(startsecs));
  }
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
  { key, name: program, directory, draft, numbers }: {
    key: string;
    name: string;
    directory: string;
    draft: Draft;
    numbers: { count: number; first: number };
  },
): string {
  const isFilledIn = key === "environment" || key === "directory" || LOG_FILE.test(key);
  const own = isFilledIn ? text.replaceAll("$", "$$$$") : text;
  return own.replace(/%\(([A-Za-z_0-9]+)\)(0?)(\d*)([sd])|%%/g, (whole, ...parts: unknown[]) => {
    const [variable = "", zero, width] = parts as string[];
    if (whole === "%%") return "%";
    if (key === "process_name") return whole;
    if (variable === "program_name" || variable === "group_name") return program;
    if (variable === "here") return directory;
    if (variable === "numprocs") return `${numbers.count}`;
    const [, caller] = /^ENV_(.+)$/.exec(variable) ?? [];
    if (caller !== undefined && key === "command") return `${VARIABLE}{${caller}}`;
    if (caller !== undefined && isFilledIn) return `\${${caller}}`;
    if (variable === "process_num" && (key === "command" || isFilledIn)) {
      const format = { ...numbers, width: Number(width) || 0, pad: zero === "0" ? "0" : " " };
      const number = processNumber(format, { isShell: key === "command" });
      if (number !== undefined) {
        return key === "command" ? number.replaceAll("$", VARIABLE).replaceAll(" ", BLANK) : number;
      }
      draft.note(key, `${whole} is HAFT_APP_INSTANCE here, which begins at 0 and has no zeros before it`);
      return "${HAFT_APP_INSTANCE}";
    }
    draft.note(key, `${whole} is not filled in`);
    return whole;
  });
}

const LOG_FILE = /^std(out|err)_logfile$/;

/** Stands for the dollar of a variable that a shell fills in; supervisord's own dollars are no variables. */
const VARIABLE = "\0";
/** One of what a shell fills in, which does not end a word. */
const BLANK = "\x01";

function variableWord(word: string): string {
  return expandedWord(word, /["\\`$]/g).replaceAll(VARIABLE, "$").replaceAll(BLANK, " ");
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
