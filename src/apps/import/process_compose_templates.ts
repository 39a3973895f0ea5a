/** process-compose's templates of Go, as far as they name a variable: `{{.PORT}}`. */
import type { Draft } from "./draft.ts";
import { isTable, type Table } from "./values.ts";

/** The keys of a process in which process-compose fills in templates. */
const RENDERED = ["command", "working_dir", "log_location", "readiness_probe", "liveness_probe"] as const;

/** A process with what its own `vars`, and those of the file below them, say. */
export function filledTemplates(process: Table, shared: unknown, draft: Draft): Table {
  if (String(process["is_template_disabled"]) === "true") return process;
  const vars: Table = {
    ...(isTable(shared) ? shared : {}),
    ...(isTable(process["vars"]) ? process["vars"] : {}),
    PC_REPLICA_NUM: "${PC_REPLICA_NUM}",
  };
  const result = { ...process };
  for (const key of RENDERED) {
    if (process[key] === undefined) continue;
    const left: string[] = [];
    result[key] = mapTexts(process[key], (text) => {
      return text.replace(ACTION, (whole, name?: string, literal?: string) => {
        const value = literal ?? (Object.hasOwn(vars, name ?? "") ? vars[name ?? ""] : undefined);
        if (typeof value === "string") return value;
        if (typeof value === "number" || typeof value === "boolean") return `${value}`;
        left.push(whole);
        return whole;
      });
    });
    if (left.length > 0) {
      draft.note(key, `haft has no templates: write out what ${left.join(" ")} stands for`);
    }
  }
  return result;
}

/** One that names a variable, one that is a text for the sake of its braces, or any other. */
const ACTION = /\{\{-?\s*(?:\.(\w+)|"([^"]*)")\s*-?\}\}|\{\{.*?\}\}/g;

/** Everything with dollars that stay dollars. */
export function escapedDollars(value: unknown): unknown {
  return mapTexts(value, (text) => text.replaceAll("$", "$$$$"));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, change)]));
}
