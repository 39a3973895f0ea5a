import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { AppTable } from "../src/apps/config/app_schema.ts";
import { SCHEMA_URL } from "../src/base/schema_url.ts";
import { BackendTable } from "../src/backends/backend_schema.ts";
import { TaskTable } from "../src/tasks/task_schema.ts";
import { ManifestDocument, ProjectSettings } from "../src/tools/manifest/manifest_schema.ts";
import { projectRoot } from "./support/project.ts";

/**
 * The JSON Schema of haft.toml, for editors, from the schemas that haft itself reads it by. `deno task docs`
 * writes it anew; a test fails when it differs from what is here.
 */
export const SCHEMA_FILE: string = join(projectRoot, "docs", "haft.schema.json");

export function manifestSchemaText(): string {
  const { daemon: _daemon, fleet: _fleet, ...entries } = ManifestDocument.entries;
  const { trusted_paths: _paths, allowed_shims: _shims, ...settings } = ProjectSettings.entries;
  const command = v.union([v.string(), v.array(v.string())]);
  const document = v.strictObject({
    ...entries,
    settings: v.optional(v.strictObject(settings), {}),
    apps: v.optional(v.record(v.string(), v.union([command, AppTable]))),
    tasks: v.optional(v.record(v.string(), v.union([taskCommands(), TaskTable]))),
    backends: v.optional(v.record(v.string(), v.union([command, BackendTable]))),
  });
  const schema = {
    ...toJsonSchema(document, { typeMode: "input", errorMode: "ignore" }),
    $id: SCHEMA_URL,
    title: "haft.toml",
    description: "The tools, processes and tasks of a project, for haft.",
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** A task that is nothing but its commands is written without a table. */
function taskCommands() {
  return TaskTable.pipe[0].entries.run.wrapped;
}

if (import.meta.main) {
  writeFileSync(SCHEMA_FILE, manifestSchemaText());
  console.log("docs/haft.schema.json written");
}
