import { cellText } from "../../ui/terminal_text.ts";
import type { CompletionSource, Context } from "../command.ts";

/** A word that can come next. */
export interface Candidate {
  word: string;
  /** Empty where the word says it all. */
  description: string;
}

/** How long the daemon may take, in milliseconds: a shell waits. */
const ASK_TIMEOUT_MS = 100;

/** Each source loads what it needs, runs nothing and uses no network. */
const SOURCES: Readonly<Record<CompletionSource, (context: Context) => Promise<Candidate[]>>> = {
  async tools(context) {
    const { openProject } = await import("../../tools/project/project.ts");
    const { executablesOf } = await import("../../tools/project/installed_tools.ts");
    return openProject(context.cwd, context).tools.flatMap(({ request, installed, version }) =>
      installed === undefined
        ? [{ word: request.name, description: "not installed" }]
        : Object.keys(executablesOf(installed)).map((word) => ({
          word,
          description: `${request.name} ${version ?? request.version}`,
        }))
    );
  },
  async catalogue(context) {
    const { catalogueAt } = await import("../../tools/project/manifests.ts");
    const catalogue = catalogueAt(context.cwd, context);
    return catalogue.names().map((word) => ({ word, description: catalogue.entry(word)?.description ?? "" }));
  },
  async installed({ paths }) {
    const { Store } = await import("../../tools/store/store.ts");
    return new Store(paths).list().flatMap(({ receipt: { tool, version } }) => [
      { word: tool, description: version },
      { word: `${tool}@${version}`, description: "" },
    ]);
  },
  async apps(context) {
    const { openProject } = await import("../../tools/project/project.ts");
    const { apps } = openProject(context.cwd, context).files;
    return Object.entries(apps).map(([word, table]) => ({ word, description: commandOf(table) }));
  },
  async tasks(context) {
    const { declaredTasks } = await import("../task/declared_tasks.ts");
    return (await declaredTasks(context)).map(({ name, description = "" }) => ({ word: name, description }));
  },
  async "task-ids"(context) {
    const { askOnce } = await import("../../client/ask_once.ts");
    const { daemonSocket } = await import("../daemon/endpoint.ts");
    const answer = await askOnce(await daemonSocket(undefined, context), {
      method: "task.list",
      data: { cwd: context.cwd, limit: 50 },
      timeoutMs: ASK_TIMEOUT_MS,
    });
    return (answer?.tasks ?? []).map(({ id, name, state }) => ({
      word: id,
      description: [name ?? "", state].join(" ").trim(),
    }));
  },
  async methods() {
    const { METHODS } = await import("../../protocol/methods/mod.ts");
    return Object.entries(METHODS).map(([word, { summary }]) => ({ word, description: summary }));
  },
  async events() {
    const { EVENTS } = await import("../../protocol/events.ts");
    return Object.keys(EVENTS).map((word) => ({ word, description: "" }));
  },
};

/**
 * What a source has now; nothing where it cannot be read. Words that a shell's line cannot show are left out.
 */
export async function candidatesFrom(source: CompletionSource, context: Context): Promise<Candidate[]> {
  try {
    return (await SOURCES[source](context)).filter(({ word }) => word !== "" && cellText(word) === word)
      .map(({ word, description }) => ({ word, description: cellText(description) }));
  } catch {
    return [];
  }
}

function commandOf(table: unknown): string {
  const command = typeof table === "object" && table !== null && "command" in table ? table.command : table;
  return Array.isArray(command) ? command.join(" ") : typeof command === "string" ? command : "";
}

/**
 * What can follow a task's name: its parameters and their choices, haft's own options and more tasks; `files`
 * where the task takes words of any kind.
 *
 * @param place.before the words from the task's name on
 */
export async function taskCandidates(
  { before, current, own }: { before: readonly string[]; current: string; own: readonly Candidate[] },
  context: Context,
): Promise<Candidate[] | "files"> {
  const parameters = await parametersBefore(before, context).catch(() => undefined);
  if (parameters === undefined) return "files";
  const starting = (candidates: readonly Candidate[]) =>
    candidates.filter(({ word }) => word.startsWith(current) && cellText(word) === word);
  const choices = (name: string | undefined, prefix = "") =>
    (parameters.find(([known]) => known === name)?.[1].choices ?? [])
      .map((choice) => ({ word: `${prefix}${choice}`, description: "" }));
  const [, joined] = /^--([\w-]+)=/.exec(current) ?? [];
  if (joined !== undefined) return starting(choices(joined, `--${joined}=`));
  const [, awaiting] = /^--([\w-]+)$/.exec(before.at(-1) ?? "") ?? [];
  if (awaiting !== undefined && parameters.some(([name]) => name === awaiting)) {
    const values = choices(awaiting);
    return values.length === 0 ? "files" : starting(values);
  }
  const given = new Set(before.flatMap((word) => /^--([\w-]+)/.exec(word)?.[1] ?? []));
  const left = parameters.filter(([name]) => !given.has(name));
  if (current.startsWith("-")) {
    return starting([
      ...left.map(([name, { description }]) => ({ word: `--${name}`, description: description ?? "" })),
      ...own,
    ]);
  }
  const byPlace =
    before.slice(1).filter((word, index) => !word.startsWith("-") && !/^--[\w-]+$/.test(before[index] ?? ""))
      .length;
  const values = choices(left[byPlace]?.[0]);
  return values.length === 0 ? "files" : starting(values);
}

/** The parameters of the task that a command line names. */
async function parametersBefore([name = ""]: readonly string[], context: Context) {
  const { findTask } = await import("../../tasks/project_tasks.ts");
  const { withTaskScope } = await import("../../tasks/task_scope.ts");
  const { parametersOf } = await import("../../tasks/task_arguments.ts");
  return await withTaskScope(context.cwd, context, {
    use: (scope) => parametersOf(findTask(name, scope).config),
    remember: false,
  });
}
