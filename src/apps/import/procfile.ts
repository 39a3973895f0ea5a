import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDotenv } from "../../base/dotenv.ts";
import { type Imported, ImportedApps, type ImportSettings } from "./imported.ts";

const FIRST_PORT = 5_000;
const PORTS_APART = 100;

/**
 * A Procfile as foreman runs it: each line is a shell's, its process is not restarted, `.env` is read, and
 * `PORT` is that of `.env`, or 5000, for the first and 100 more for each that follows.
 */
export function importProcfile(text: string, { directory }: ImportSettings): Imported {
  const imported = new ImportedApps();
  const envFile = join(directory, ".env");
  const hasEnvFile = existsSync(envFile);
  let port = hasEnvFile ? firstPort(readFileSync(envFile, "utf8")) : FIRST_PORT;
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, command] = /^\s*([A-Za-z0-9_.-]+)\s*:\s*(.*\S)\s*$/.exec(line) ?? [];
    if (name === undefined || command === undefined) {
      imported.note(`line ${at + 1}`, `not "NAME: COMMAND": ${line.trim()}`);
      continue;
    }
    const draft = imported.draft(name);
    draft.set("command", command);
    draft.set("restart", "no");
    if (hasEnvFile) draft.set("env_file", ".env");
    draft.setIn("env", "PORT", port);
    port += PORTS_APART;
    if (name === "release") {
      draft.set("autostart", false);
      draft.note("release", 'Heroku runs it once, at a release; "haft app start release" does');
    }
    imported.add(draft);
  }
  return imported.finish();
}

/** foreman's `-p` is not written anywhere; what `.env` has counts, as it does for foreman. */
function firstPort(text: string): number {
  const port = Number(parseDotenv(text)["PORT"]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : FIRST_PORT;
}
