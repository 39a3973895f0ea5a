import { outlineOf } from "./outline.ts";

export interface Lens {
  line: number;
  title: string;
  command: string;
  /** The task's or app's name. */
  name: string | undefined;
}

/** `when`: only above an app that runs, or that does not. */
const APP_LENSES: readonly {
  title: string;
  command: string;
  when?: boolean;
}[] = [
  { title: "Start", command: "haft.app.start", when: false },
  { title: "Stop", command: "haft.app.stop", when: true },
  { title: "Restart", command: "haft.app.restart", when: true },
  { title: "Logs", command: "haft.app.logs" },
];

/**
 * Actions above `[tools]`, `[tasks.X]` and `[apps.X]`, and above a task of one line.
 *
 * @param isRunning of an app's name; undefined where that is not known
 */
export function lensesOf(text: string, isRunning: (app: string) => boolean | undefined): Lens[] {
  const { tables, keys } = outlineOf(text);
  const above = tables.flatMap(({ path: [section, name, ...deeper], line }): Lens[] => {
    if (section === "tools" && name === undefined) {
      return [{ line, title: "Install", command: "haft.installMissing", name: undefined }, {
        line,
        title: "Choose a version",
        command: "haft.pickVersion",
        name: undefined,
      }];
    }
    if (name === undefined || deeper.length > 0) return [];
    if (section === "tasks") {
      return [{ line, title: "Run", command: "haft.task.run", name }];
    }
    if (section !== "apps") return [];
    const running = isRunning(name);
    return APP_LENSES.filter(({ when }) => when === undefined || running === undefined || when === running)
      .map(({ title, command }) => ({ line, title, command, name }));
  });
  const short = keys.flatMap(({ table, key, line }): Lens[] => {
    const [name, ...deeper] = key;
    if (table.length !== 1 || table[0] !== "tasks" || name === undefined || deeper.length > 0) return [];
    return [{ line, title: "Run", command: "haft.task.run", name }];
  });
  return [...above, ...short].sort((a, b) => a.line - b.line);
}
