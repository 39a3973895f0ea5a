/**
 * What becomes of one app of another supervisor. Each format is a table of rules by key: a rule fills in the
 * draft, or is the reason why the key has no counterpart. A key that no rule knows is named as well, so that
 * nothing is lost unseen.
 */
import { nearestNames } from "../../tools/versions/nearest.ts";
import { isTable, Mismatch, type Table } from "./values.ts";
import { withoutVariables } from "./variables.ts";

/** Something that was not taken over as it stood, with the reason. */
export interface ImportNote {
  /** The app's name; undefined for what concerns the whole file. */
  app: string | undefined;
  /** As the file has it: `autorestart`, `healthcheck.start_interval`. */
  key: string;
  why: string;
}

export function noteText({ app, key, why }: ImportNote): string {
  const place = [...app === undefined ? [] : [app], ...key === "" ? [] : [key]].join(": ");
  return `Note: ${place}: ${why}`;
}

/** Takes a value over. @throws {Mismatch} when that cannot be */
export type Taker = (value: unknown, draft: Draft) => void;
/** A reason why a key has no counterpart, or what takes its value over. */
export type Rule = string | Taker | FilledRule;

/** Takes over a value whose variables haft fills in as well. */
export interface FilledRule {
  fills: Taker;
}

export function filled(fills: Taker): FilledRule {
  return { fills };
}

/** What is about something that haft lacks, which is fine for an app that has it turned off. */
export function unlessOff(why: string): Taker {
  return (value) => {
    if (!isOff(value)) throw new Mismatch(why);
  };
}

function isOff(value: unknown): boolean {
  return value === false || value === 0 || /^(false|no|off|0)$/i.test(String(value));
}
export type Rules = Readonly<Record<string, Rule>>;

export class Draft {
  /** What goes under `[apps.NAME]`. */
  readonly table: Table = {};
  readonly name: string;
  readonly #notes: ImportNote[];
  readonly #hasVariables: boolean;

  /** @param options.hasVariables whether the source fills in variables wherever they are */
  constructor(name: string, notes: ImportNote[], { hasVariables }: { hasVariables: boolean }) {
    this.name = name;
    this.#notes = notes;
    this.#hasVariables = hasVariables;
  }

  set(key: string, value: unknown): void {
    this.table[key] = value;
  }

  /** Sets a key of a table in the table: `limits.memory`. */
  setIn(table: string, key: string, value: unknown): void {
    const before = this.table[table];
    this.table[table] = { ...(isTable(before) ? before : {}), [key]: value };
  }

  /** A table in the table, as far as it is filled in. */
  tableOf(key: string): Table {
    const value = this.table[key];
    return isTable(value) ? value : {};
  }

  note(key: string, why: string): void {
    this.#notes.push({ app: this.name, key, why });
  }

  /**
   * Variables whose names cannot be set, and those without a value, are named.
   *
   * @param options.expands whether the source fills in `$NAME` as haft does; else dollars stay dollars
   * @param options.inherits whether one without a value is the caller's, as it is in haft anyway
   */
  addVariables(
    key: string,
    variables: Table,
    { expands = false, inherits = false }: { expands?: boolean; inherits?: boolean } = {},
  ): void {
    for (const [name, value] of Object.entries(variables)) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === "__proto__") {
        this.note(`${key}.${name}`, "no name of a variable");
      } else if (value === null || value === undefined) {
        if (!inherits) this.note(`${key}.${name}`, "it has no value, so the app gets the caller's, if any");
      } else {
        const text = variableText(value);
        this.setIn("env", name, typeof text === "string" && !expands ? text.replaceAll("$", "$$$$") : text);
      }
    }
  }

  /** A value for a place where haft fills in no variables. */
  #without(value: unknown, key: string): unknown {
    return withoutVariables(value, (text, usual) => {
      this.note(key, `"${text}" is taken as "${usual}", since haft fills in no variables here`);
    });
  }

  /** Applies the rules to what a table of the file says, in the order of the file. */
  apply(table: Table, rules: Rules, { prefix = "", of }: { prefix?: string; of: string }): void {
    for (const [key, value] of Object.entries(table)) {
      // Keys that begin with x- are the file's own, for its anchors.
      if (value === null || value === undefined || key.startsWith("x-")) continue;
      const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
      const name = `${prefix}${key}`;
      if (rule === undefined) this.note(name, unknownKey(key, rules, of));
      else if (typeof rule === "string") this.note(name, rule);
      else {
        try {
          if (typeof rule !== "function") rule.fills(value, this);
          else rule(this.#hasVariables ? this.#without(value, name) : value, this);
        } catch (error) {
          if (!(error instanceof Mismatch)) throw error;
          this.note(name, error.message);
        }
      }
    }
  }
}

export function unknownKey(key: string, rules: Rules, of: string): string {
  const [nearest] = nearestNames(key, Object.keys(rules));
  return `no key of ${of} that haft knows${nearest === undefined ? "" : `; did you mean "${nearest}"?`}`;
}

function variableText(value: unknown): string | number | boolean {
  if (typeof value === "string" || typeof value === "boolean") return value;
  return typeof value === "number" ? value : JSON.stringify(value);
}
