import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "smol-toml";
import { projectRoot } from "../../../scripts/support/project.ts";
import { AppTable } from "../../../src/apps/config/app_schema.ts";
import { ToolOptions } from "../../../src/protocol/tool_options.ts";
import { Backoff } from "../../../src/process/config/process_schema.ts";
import { parseApps } from "../../../src/apps/config/parse_apps.ts";
import { BackendTable, parseBackend } from "../../../src/backends/backend_schema.ts";
import { parseTasks, TaskTable, unknownDependencies } from "../../../src/tasks/task_schema.ts";
import {
  DaemonSettings,
  ManifestDocument,
  Settings,
  UserConfigDocument,
} from "../../../src/tools/manifest/manifest_schema.ts";

const text = readFileSync(join(projectRoot, "docs", "manifest.md"), "utf8");

/** The part below a heading, up to the next of its kind. */
function section(heading: string): string {
  return text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
}

/** The keys of a schema of tables, whatever is wrapped around it. */
// deno-lint-ignore no-explicit-any
function keysOf(schema: any): string[] {
  return Object.keys(schema.entries ?? keysHolder(schema));
}

// deno-lint-ignore no-explicit-any
function keysHolder(schema: any): Record<string, unknown> {
  const inner = schema.entries ?? schema.wrapped?.entries ?? schema.pipe?.[0]?.entries ??
    schema.wrapped?.pipe?.[0]?.entries ??
    // deno-lint-ignore no-explicit-any
    schema.wrapped?.options?.find((option: any) => option.entries !== undefined)?.entries;
  assert(inner !== undefined, "a schema of another form");
  return inner;
}

const { health, limits, log } = AppTable.entries;
const TABLES: [heading: string, keys: string[]][] = [
  ["`[apps.NAME]`", keysOf(AppTable)],
  ["`[apps.NAME]`", keysOf(Backoff)],
  ["`[apps.NAME]`", [health, limits, log].flatMap((schema) => Object.keys(keysHolder(schema)))],
  ["`[tasks.NAME]`", keysOf(TaskTable)],
  ["`[tools]`", Object.keys(ToolOptions.entries)],
  ["`[backends.NAME]`", keysOf(BackendTable)],
  ["`[env]`", keysOf(Settings)],
  ["Your own", keysOf(DaemonSettings)],
];

for (const [heading, keys] of TABLES) {
  Deno.test(`docs/manifest.md: ${heading} has a row for ${keys.join(", ")}`, () => {
    assert(keys.length > 2);
    const rows = section(heading).split("\n").filter((line) => line.startsWith("| "));
    assertEquals(keys.filter((key) => !rows.some((row) => row.includes(`\`${key}\``))), []);
  });
}

Deno.test("docs/manifest.md: every example is read as it stands", () => {
  const examples = [...text.matchAll(/^```toml (\w+)\n(.*?)^```$/gms)];
  const kinds = examples.map(([, kind]) => kind);
  assert(kinds.length > 9);
  assertEquals(kinds, [...Array(kinds.length - 1).fill("manifest"), "config"]);
  for (const [, kind, body = ""] of examples) {
    const value = parse(body);
    if (kind === "config") {
      v.parse(UserConfigDocument, value);
      continue;
    }
    const { apps = {}, tasks = {}, backends = {} } = v.parse(ManifestDocument, value);
    parseApps(apps, "haft.toml");
    // What the page says of docs/tasks.toml.
    const section = { ...tasks, "docs:build": "true" };
    assertEquals([...parseTasks(section, "haft.toml").wrong.values()], []);
    assertEquals(unknownDependencies(section, () => false), []);
    for (const [name, table] of Object.entries(backends)) parseBackend(name, table, "haft.toml");
  }
});
