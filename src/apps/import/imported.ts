import { Draft, type ImportNote, type Rules, unknownKey } from "./draft.ts";
import { appProblem } from "../config/parse_apps.ts";
import type { Table } from "./values.ts";

/** The apps of another supervisor's file, and what of it has no counterpart. */
export interface Imported {
  /** Name → what goes under `[apps.NAME]`. */
  apps: Record<string, Table>;
  notes: ImportNote[];
}

/** What a reader of a format is handed besides the file's content. */
export interface ImportSettings {
  /** Where the file is: what its relative paths mean. */
  directory: string;
  /** The environment that is chosen (`--env production`), for pm2. */
  environment?: string | undefined;
}

/** Collects apps, each under a name that is its own. */
export class ImportedApps implements Imported {
  readonly #hasVariables: boolean;

  /** @param options.hasVariables whether the format fills in variables wherever they are */
  constructor({ hasVariables = false }: { hasVariables?: boolean } = {}) {
    this.#hasVariables = hasVariables;
  }

  readonly apps: Record<string, Table> = {};
  readonly notes: ImportNote[] = [];
  /** What the file calls an app → what it is called here. */
  readonly names = new Map<string, string>();

  /** @param wanted the name in the file; a second app of that name gets a number */
  draft(wanted: string): Draft {
    const taken = (name: string) => this.#drafted.has(name);
    let name = wanted;
    for (let number = 2; taken(name); number++) name = `${wanted}-${number}`;
    this.#drafted.add(name);
    if (!this.names.has(wanted)) this.names.set(wanted, name);
    const draft = new Draft(name, this.notes, { hasVariables: this.#hasVariables });
    if (name !== wanted) draft.note("name", `"${wanted}" is the name of another app, too`);
    return draft;
  }

  readonly #drafted = new Set<string>();

  /** Takes over what a draft became: without a key that haft would refuse, and not without a command. */
  add(draft: Draft): void {
    const { name, table } = draft;
    if (name === "__proto__") return draft.note("", "left out, since haft can have no app of that name");
    if (table["command"] === undefined) return draft.note("", "left out, since it has no command");
    for (let problem = appProblem(name, table); problem !== undefined; problem = appProblem(name, table)) {
      const [, , key] = problem.keys;
      if (typeof key !== "string" || key === "command" || table[key] === undefined) {
        return draft.note("", `left out, since ${problem.message}`);
      }
      draft.note(key, `left out, since ${problem.message}`);
      delete table[key];
    }
    this.apps[name] = table;
  }

  /** Names each key of the whole file that no rule takes over. */
  noteTop(file: Table, rules: Rules, of: string): void {
    for (const key of Object.keys(file)) {
      if (key.startsWith("x-")) continue;
      const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
      if (rule === undefined) this.note(key, unknownKey(key, rules, of));
      else if (typeof rule === "string") this.note(key, rule);
    }
  }

  /** Says something about the file as a whole. */
  note(key: string, why: string): void {
    this.notes.push({ app: undefined, key, why });
  }

  /** Dependencies on apps that were left out are left out as well. */
  finish(): Imported {
    for (const [name, table] of Object.entries(this.apps)) {
      const dependsOn = table["depends_on"] as Table | undefined;
      if (dependsOn === undefined) continue;
      const known = Object.entries(dependsOn).filter(([other]) => {
        if (Object.hasOwn(this.apps, other)) return true;
        this.notes.push({ app: name, key: `depends_on.${other}`, why: "that is none of the imported apps" });
        return false;
      });
      if (known.length === 0) delete table["depends_on"];
      else table["depends_on"] = Object.fromEntries(known);
    }
    return { apps: this.apps, notes: this.notes };
  }
}
