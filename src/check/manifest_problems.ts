import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { TomlError } from "smol-toml";
import * as v from "valibot";
import { SourceName } from "../protocol/artifact.ts";
import type { FoundProblem } from "../protocol/methods/project_methods.ts";
import { UsageError } from "../base/errors.ts";
import { readApps } from "../apps/config/parse_apps.ts";
import { backendProblems } from "../backends/backend_schema.ts";
import { includeProblems, placedIn, readTasks, unknownDependencies } from "../tasks/task_schema.ts";
import { readTextFile } from "../base/read_text_file.ts";
import { NO_INCLUDES, readTaskIncludes, type TaskIncludes } from "../tools/manifest/task_includes.ts";
import { definitionProblems, definitionsOf } from "../tools/manifest/own_tools.ts";
import { ManifestDocument } from "../tools/manifest/manifest_schema.ts";
import { type ManifestProblem, placeOf } from "../tools/manifest/manifest_problem.ts";
import { componentProblems } from "../tools/manifest/option_problems.ts";
import { toolNameProblem } from "../tools/manifest/parse_manifest.ts";
import { parseDocument, readSection } from "../tools/manifest/read_toml.ts";
import { codeFrame, tomlFault } from "../tools/manifest/toml_fault.ts";
import type { Catalogue } from "../tools/catalogue/catalogue.ts";
import { OwnEntries } from "../tools/catalogue/catalogue_schema.ts";
import { toolSource } from "../tools/catalogue/tool_source.ts";
import { catalogueAt } from "../tools/project/manifests.ts";
import type { FilesContext } from "../tools/project/project_files.ts";
import { isToolName } from "../tools/tool_name.ts";
import { circlesAcross } from "./task_circles.ts";
import { encodingProblem } from "./encoding_problem.ts";
import { shellProblems } from "./shell_problems.ts";
import { taskProblems } from "./task_problems.ts";
import { namesAround } from "./task_names.ts";

/** What was found in a manifest, and what else was looked at for it. */
export interface CheckedManifest {
  problems: FoundProblem[];
  counts: ManifestCounts;
  /** Files and directories that the manifest names, there or not. */
  lookedAt: string[];
}

/** What a manifest that is sound declares. */
export interface ManifestCounts {
  tools: number;
  apps: number;
  tasks: number;
  backends: number;
}

/**
 * Checks a haft.toml, with what the user and the manifests around it define.
 *
 * @param text what it says; the file's own by default
 */
export function checkManifestFile(
  path: string,
  user: Pick<FilesContext, "paths">,
  text?: string,
): CheckedManifest {
  const whole = text ?? readTextFile(path);
  const checked = checkManifest(whole, path, catalogueAt(dirname(dirname(path)), user));
  // The text of an editor is Unicode already.
  const encoding = text === undefined ? encodingProblem(path, whole) : undefined;
  return encoding === undefined ? checked : { ...checked, problems: [encoding, ...checked.problems] };
}

/**
 * Checks all of a haft.toml: every section, whether a command reads it or not. Nothing of it runs, and
 * nothing is fetched.
 */
export function checkManifest(
  text: string,
  file: string,
  outer: Catalogue,
): CheckedManifest {
  const lookedAt: string[] = [];
  const counts = { tools: 0, apps: 0, tasks: 0, backends: 0 };
  let document: unknown;
  try {
    document = parseDocument(text, { what: "manifest", path: file });
  } catch (error) {
    if (!(error instanceof UsageError) || !(error.cause instanceof TomlError)) throw error;
    const { reason, ...place } = tomlFault(text.replaceAll("\r\n", "\n"), error.cause);
    const frame = codeFrame(text, place);
    return {
      problems: [{ file, ...place, key: null, message: reason, next: null, frame }],
      counts,
      lookedAt,
    };
  }
  const includes = includesOf(document, file);
  const own = v.safeParse(OwnEntries, section(document, "catalogue"));
  const entries = own.success ? own.output : {};
  const catalogue = outer.with(definitionsOf(entries, { file, isUsers: false }));
  const sections = {
    tools: section(document, "tools"),
    apps: section(document, "apps"),
    tasks: { ...includes.tasks, ...section(document, "tasks") },
    backends: section(document, "backends"),
  };
  const problems = [
    ...readSection(document, ManifestDocument, []).problems,
    ...definitionProblems(entries),
    ...toolProblems(sections.tools, own.success ? catalogue : undefined),
    ...readApps(sections.apps).problems,
    ...includeProblems(includes),
    ...readTasks(sections.tasks).problems,
    ...unknownDependencies(
      sections.tasks,
      namesAround(file, (path) => tasksAt(path, lookedAt), lookedAt),
    ),
    ...taskProblems(sections.tasks, file, (path) => {
      lookedAt.push(path);
      return statSync(path, { throwIfNoEntry: false });
    }),
    ...shellProblems(document, sections, { catalogue, file, lookedAt }),
    ...circlesAcross(readTasks(sections.tasks).tasks, file, (path) => tasksAt(path, lookedAt)),
    ...backendProblems(sections.backends),
    ...backendReferences(sections),
  ];
  for (const name of ["tools", "apps", "tasks", "backends"] as const) {
    counts[name] = Object.keys(sections[name]).length;
  }
  const found = problems.map((problem) => {
    const elsewhere = placedIn(problem, includes);
    return elsewhere === undefined
      ? located(problem, text, file)
      : located(elsewhere.problem, readTextFile(elsewhere.file), elsewhere.file);
  });
  return { problems: found.sort((a, b) => a.line - b.line || a.column - b.column), counts, lookedAt };
}

/** The files that the manifest includes, as far as their names can be read. */
function includesOf(document: unknown, manifest: string): TaskIncludes {
  const names = Object.entries(section(document, "includes"));
  const sound = v.safeParse(ManifestDocument.entries.includes, Object.fromEntries(names));
  if (!sound.success) return NO_INCLUDES;
  return readTaskIncludes(sound.output, {
    manifest,
    read: (path) => existsSync(path) ? readTextFile(path) : undefined,
  });
}

/** The tasks of another project, as far as they can be read. */
function tasksAt(path: string, lookedAt: string[]): ReturnType<typeof readTasks>["tasks"] {
  lookedAt.push(path);
  try {
    const document = parseDocument(readTextFile(path), { what: "manifest", path });
    const includes = includesOf(document, path);
    lookedAt.push(...includes.files);
    return readTasks({ ...includes.tasks, ...section(document, "tasks") }).tasks;
  } catch {
    // Its own check says what is wrong with it.
    return new Map();
  }
}

function section(document: unknown, name: string): Record<string, unknown> {
  if (typeof document !== "object" || document === null) return {};
  const value: unknown = Reflect.get(document, name);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function componentsIn(table: unknown): string[] {
  const parsed = v.safeParse(v.object({ options: v.object({ components: v.array(v.string()) }) }), table);
  return parsed.success ? parsed.output.options.components : [];
}

/** Names that the catalogue does not have, and sources that a tool does not have. */
function toolProblems(
  tools: Readonly<Record<string, unknown>>,
  catalogue: Catalogue | undefined,
): ManifestProblem[] {
  // Which names it defines cannot be told while the section has mistakes.
  if (catalogue === undefined) return [];
  return Object.entries(tools).flatMap(([name, table]) => {
    if (!isToolName(name)) return [toolNameProblem(name)];
    const source = typeof table === "object" && table !== null && "source" in table
      ? table.source
      : undefined;
    try {
      toolSource({ ...catalogue.tool(name), ...(v.is(SourceName, source) ? { source } : {}) });
      return componentProblems(name, { components: componentsIn(table), catalogue });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const { message, next } = error;
      return [{ keys: ["tools", name], message, ...(next === undefined ? {} : { next }) }];
    }
  });
}

/** Tasks that ask a backend which is not there. */
function backendReferences(
  { tasks, backends }: { tasks: Record<string, unknown>; backends: Record<string, unknown> },
): ManifestProblem[] {
  return Object.entries(tasks).flatMap(([name, table]) => {
    const backend = typeof table === "object" && table !== null && "backend" in table
      ? table.backend
      : undefined;
    if (typeof backend !== "string" || Object.hasOwn(backends, backend)) return [];
    return [{
      keys: ["tasks", name, "backend"],
      message: `key "tasks.${name}.backend" names no backend: "${backend}"`,
      next: `Declare it under [backends.${backend}]`,
    }];
  });
}

function located({ keys, message, next }: ManifestProblem, text: string, file: string): FoundProblem {
  const place = placeOf(keys, text) ?? { line: 1, column: 1 };
  return { file, ...place, key: keys.join("."), message, next: next ?? null, frame: codeFrame(text, place) };
}
