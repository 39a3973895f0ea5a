import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { EVENTS } from "../src/protocol/events.ts";
import { METHODS } from "../src/protocol/methods/mod.ts";
import { ERRORS } from "../src/protocol/wire_error.ts";
import { describeProtocol } from "../src/daemon/describe_protocol.ts";
import { fillTables } from "./support/markdown_table.ts";
import { projectRoot } from "./support/project.ts";

/**
 * The tables of docs/protocol.md that come from the code: methods, events, error codes. `deno task docs`
 * writes them anew; the document's test fails when they differ from what is here.
 */
export const PROTOCOL_DOCUMENT: string = join(projectRoot, "docs", "protocol.md");

export function withTables(document: string): string {
  return fillTables(document, tables());
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
      ["name", "code", "meaning"],
      ...Object.entries(ERRORS).map(([name, { code, meaning }]) => [`\`${name}\``, `${code}`, meaning]),
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
