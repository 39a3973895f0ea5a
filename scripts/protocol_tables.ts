import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { EVENTS } from "../src/protocol/events.ts";
import { METHODS } from "../src/protocol/methods/mod.ts";
import { ERROR_CODES } from "../src/protocol/wire_error.ts";
import { describeProtocol } from "../src/daemon/describe_protocol.ts";
import { markdownTable } from "./support/markdown_table.ts";
import { projectRoot } from "./support/project.ts";

/**
 * The tables of docs/protocol.md that come from the code: methods, events, error codes. `deno task docs`
 * writes them anew; the document's test fails when they differ from what is here.
 */
export const PROTOCOL_DOCUMENT: string = join(projectRoot, "docs", "protocol.md");

export function withTables(document: string): string {
  let text = document;
  for (const [name, rows] of Object.entries(tables())) {
    const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`docs/protocol.md has no place for the table "${name}"`);
    text = `${text.slice(0, from + begin.length)}\n\n${markdownTable(rows)}\n\n${text.slice(to)}`;
  }
  return text;
}

function tables(): Record<string, string[][]> {
  const { methods, events } = describeProtocol();
  return {
    methods: [
      ["method", "parameters", "result", "what it does"],
      ...Object.keys(METHODS).sort().map((name) => {
        const method = methods[name];
        return [`\`${name}\``, fields(method?.params), fields(method?.result), method?.summary ?? ""];
      }),
    ],
    events: [
      ["event", "data", "when"],
      ...Object.keys(EVENTS).sort().map((
        name,
      ) => [`\`${name}\``, fields(events[name]?.data), events[name]?.summary ?? ""]),
    ],
    errors: [
      ["name", "code"],
      ...Object.entries(ERROR_CODES).map(([name, code]) => [`\`${name}\``, `${code}`]),
    ],
  };
}

/** The names of an object schema's fields; those that may be missing have a `?`. */
function fields(schema: unknown): string {
  const { properties = {}, required = [], anyOf = [] } = schema as {
    properties?: Record<string, unknown>;
    required?: string[];
    anyOf?: unknown[];
  };
  if (anyOf.length > 0) return anyOf.map(fields).join(" or ");
  const names = Object.keys(properties).map((name) => required.includes(name) ? name : `${name}?`);
  return names.length === 0 ? "" : `\`{ ${names.join(", ")} }\``;
}

if (import.meta.main) {
  const before = readFileSync(PROTOCOL_DOCUMENT, "utf8");
  const after = withTables(before);
  if (after !== before) writeFileSync(PROTOCOL_DOCUMENT, after);
  console.log(after === before ? "docs/protocol.md is up to date" : "docs/protocol.md written");
  process.exitCode = 0;
}
