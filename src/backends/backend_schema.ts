import * as v from "valibot";
import {
  Backoff,
  Command,
  Duration,
  Shell,
  Text,
  Variable,
  VariableName,
} from "../process/config/process_schema.ts";
import type { ManifestProblem } from "../tools/manifest/manifest_problem.ts";
import { checkSection, readSection } from "../tools/manifest/read_toml.ts";

/** One table of `[backends]`. */
export const BackendTable = v.strictObject({
  /** A text that a shell runs, or a list of words. */
  command: Command,
  /** The shell of a text; `[settings] shell` by default. */
  shell: v.optional(Shell),
  args: v.optional(v.array(v.string()), []),
  /** Below the project's directory. */
  cwd: v.optional(Text, "."),
  env: v.optional(v.record(VariableName, Variable), {}),
  /** `legacy` speaks on the child's stdin and stdout instead of a channel. */
  mode: v.optional(v.picklist(["channel", "legacy"]), "channel"),
  /** When to start it again after it ended by itself. */
  restart: v.optional(v.picklist(["no", "on-failure", "always"]), "on-failure"),
  backoff: v.optional(Backoff, {}),
  /** From start to `ready`. */
  ready_timeout: v.optional(Duration, "10s"),
  /** From a ping to its answer. */
  heartbeat_timeout: v.optional(Duration, "8s"),
  /** From the request to stop to SIGKILL. */
  stop_timeout: v.optional(Duration, "10s"),
});
export type BackendConfig = v.InferOutput<typeof BackendTable>;

/**
 * Reads one backend of a manifest.
 *
 * @param path how messages name the manifest
 * @throws {UsageError} naming the file, the key and what was expected
 */
export function parseBackend(name: string, table: unknown, path: string): BackendConfig {
  return checkSection(isCommand(table) ? { command: table } : table, BackendTable, {
    what: "manifest",
    path,
    keys: ["backends", name],
  });
}

/** All that is wrong with the `[backends]` of a manifest. */
export function backendProblems(section: Readonly<Record<string, unknown>>): ManifestProblem[] {
  return Object.entries(section).flatMap(([name, table]) =>
    readSection(isCommand(table) ? { command: table } : table, BackendTable, ["backends", name]).problems
  );
}

function isCommand(table: unknown): boolean {
  return typeof table === "string" || Array.isArray(table);
}
