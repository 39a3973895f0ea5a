import type { AppStatus } from "../../../protocol/methods/app_methods.ts";
import { createStyle, type Style } from "../../../ui/style.ts";
import type { Input } from "../../../ui/terminal/keys.ts";
import { type AppRow, appRows, isSameRow, type Sort, SORTS } from "./app_rows.ts";
import { linePrefix } from "./line_prefix.ts";
import { LogPane } from "./log_pane.ts";

/** What the board asks for, besides another frame. */
export type BoardAction =
  | { type: "start" | "stop" | "restart"; row: AppRow }
  | { type: "scale"; row: AppRow; count: number }
  /** Another log is shown, or more of it. */
  | { type: "log"; all: boolean }
  | { type: "copy"; text: string; lines: number }
  | { type: "quit" | "interrupt" | "detach" | "suspend" | "plain" };

export interface BoardOptions {
  color: boolean;
  /** Quitting stops the apps. */
  owns: boolean;
  timestamps?: boolean;
}

/** What is typed in the bottom line. */
export interface Prompt {
  for: "search" | "filter";
  text: string;
}

/** Where the parts of the screen are, as it was drawn last. */
export interface Regions {
  /** The row of the list's first line, and the place of that line's app in the list. */
  list: { row: number; first: number; count: number } | undefined;
}

/** What the board shows, and what keys do to it. It draws nothing and asks for nothing by itself. */
export class BoardModel {
  readonly owns: boolean;
  readonly color: boolean;
  readonly style: Style;
  readonly log: LogPane;
  regions: Regions = { list: undefined };
  apps: readonly AppStatus[] = [];
  /** What has just happened, until the next key. */
  message = "";
  prompt: Prompt | undefined;
  overlay: "help" | "info" | undefined;
  /** Rows that the overlay is scrolled by. */
  overlayTop = 0;
  isMaximised = false;
  /** The log has the lines of all apps. */
  showsAll = false;
  sort: Sort = "order";
  isReverse = false;
  filter = "";
  #selected: AppRow | undefined;
  #showsTimes: boolean;

  constructor({ color, owns, timestamps = false }: BoardOptions) {
    this.color = color;
    this.owns = owns;
    this.style = createStyle(color);
    this.#showsTimes = timestamps;
    this.log = new LogPane({
      color,
      prefix: (line, { found }) =>
        linePrefix(line, {
          color,
          style: this.style,
          found,
          time: this.#showsTimes,
          apps: this.showsAll ? this.apps : undefined,
        }),
    });
  }

  get rows(): AppRow[] {
    return appRows(this.apps, { sort: this.sort, reverse: this.isReverse, filter: this.filter });
  }

  get selected(): AppRow | undefined {
    return this.#selected;
  }

  /** Takes the daemon's newest answer. @returns an action when another app is selected by it */
  update(apps: readonly AppStatus[]): BoardAction | undefined {
    this.apps = apps;
    return this.#keepSelected();
  }

  /** What a person's key leads to. */
  input(input: Input): BoardAction | undefined {
    if (input.type === "key") return this.#key(input.key);
    if (input.type === "click") return this.#click(input.row);
    const { list } = this.regions;
    if (this.overlay !== undefined) return this.#scrollOverlay(input.by * 3);
    const isOnList = list !== undefined && input.row >= list.row && input.row < list.row + list.count;
    return isOnList ? this.#move(input.by) : this.#scrollLog(() => this.log.scroll(input.by * 3));
  }

  #key(key: string): BoardAction | undefined {
    if (key === "ctrl+c") return { type: "interrupt" };
    if (key === "ctrl+z") return { type: "suspend" };
    if (this.prompt !== undefined) return this.#type(this.prompt, key);
    this.message = "";
    if (this.overlay !== undefined) return this.#overlayKey(key);
    switch (key) {
      case "q":
        return { type: "quit" };
      case "d":
        return this.owns ? { type: "detach" } : undefined;
      case "t":
        return { type: "plain" };
      case "?":
      case "h":
        return this.#open("help");
      case "i":
        return this.#selected === undefined ? undefined : this.#open("info");
      case "up":
      case "k":
        return this.isMaximised ? this.#scrollLog(() => this.log.scroll(-1)) : this.#move(-1);
      case "down":
      case "j":
        return this.isMaximised ? this.#scrollLog(() => this.log.scroll(1)) : this.#move(1);
      case "tab":
        return this.#move(1);
      case "shift+tab":
        return this.#move(-1);
      case "s":
        return this.#act("start");
      case "x":
        return this.#act("stop");
      case "r":
        return this.#act("restart");
      case "+":
        return this.#scale(1);
      case "-":
        return this.#scale(-1);
      case "o":
        return this.#sortBy();
      case "O":
        this.isReverse = !this.isReverse;
        return undefined;
      case "F":
        this.prompt = { for: "filter", text: this.filter };
        return undefined;
      case "escape":
        return this.#escape();
      default:
        return this.#logKey(key);
    }
  }

  #logKey(key: string): BoardAction | undefined {
    const { log } = this;
    switch (key) {
      case "pageup":
      case "ctrl+b":
        return this.#scrollLog(() => log.page(-1));
      case "pagedown":
      case "ctrl+f":
      case " ":
        return this.#scrollLog(() => log.page(1));
      case "ctrl+u":
        return this.#scrollLog(() => log.page(-0.5));
      case "ctrl+d":
        return this.#scrollLog(() => log.page(0.5));
      case "home":
      case "g":
        return this.#scrollLog(() => log.toStart());
      case "end":
      case "G":
        log.toEnd();
        return undefined;
      case "left":
        log.sideways(-1);
        return undefined;
      case "right":
        log.sideways(1);
        return undefined;
      case "/":
        this.prompt = { for: "search", text: "" };
        return undefined;
      case "n":
        return this.#next(1);
      case "N":
        return this.#next(-1);
      case "w":
        log.toggleWrap();
        return undefined;
      case "f":
        log.toggleFollow();
        return undefined;
      case "z":
      case "enter":
        this.isMaximised = !this.isMaximised;
        return undefined;
      case "T":
        this.#showsTimes = !this.#showsTimes;
        return undefined;
      case "a":
        this.showsAll = !this.showsAll;
        return this.#anotherLog();
      case "y":
      case "c": {
        const lines = log.visibleText();
        return { type: "copy", text: lines.join("\n"), lines: lines.length };
      }
      default:
        return undefined;
    }
  }

  /** Goes back one step: from a search, from a filter, from the maximised log. */
  #escape(): BoardAction | undefined {
    if (this.log.search !== "") this.log.lookFor("");
    else if (this.isMaximised) this.isMaximised = false;
    else if (this.filter !== "") {
      this.filter = "";
      return this.#keepSelected();
    }
    return undefined;
  }

  #open(overlay: "help" | "info"): undefined {
    this.overlay = overlay;
    this.overlayTop = 0;
  }

  #overlayKey(key: string): undefined {
    const steps: Readonly<Record<string, number>> = {
      up: -1,
      k: -1,
      down: 1,
      j: 1,
      pageup: -10,
      pagedown: 10,
      " ": 10,
      home: -Infinity,
      end: Infinity,
    };
    const step = steps[key];
    if (step === undefined) this.overlay = undefined;
    else this.#scrollOverlay(step);
  }

  /** The screen keeps it within the overlay's lines. */
  #scrollOverlay(by: number): undefined {
    this.overlayTop = Math.max(0, this.overlayTop + by);
  }

  #type(prompt: Prompt, key: string): BoardAction | undefined {
    if (key === "enter" || key === "escape") {
      this.prompt = undefined;
      if (prompt.for === "search" && key === "enter") this.#search(prompt.text);
      else if (prompt.for === "filter" && key === "escape") this.filter = "";
      return this.#keepSelected();
    }
    if (key === "backspace") prompt.text = [...prompt.text].slice(0, -1).join("");
    else if (key === "ctrl+u") prompt.text = "";
    else if ([...key].length === 1) prompt.text += key;
    if (prompt.for !== "filter") return undefined;
    this.filter = prompt.text;
    return this.#keepSelected();
  }

  #search(text: string): void {
    const count = this.log.lookFor(text);
    if (text !== "") this.message = count === 0 ? `"${text}" is in no line` : `${count} lines have "${text}"`;
  }

  #next(by: -1 | 1): undefined {
    if (this.log.search === "") this.message = "Press / to search";
    else {
      const found = this.log.next(by);
      this.message = found === undefined
        ? `"${this.log.search}" is in no line`
        : `Line ${found.place} of ${found.count} with "${this.log.search}"`;
    }
  }

  /** Older lines are asked for when the oldest that is here comes into view. */
  #scrollLog(scroll: () => void): BoardAction | undefined {
    scroll();
    return this.log.isAtStart ? { type: "log", all: true } : undefined;
  }

  #click(row: number): BoardAction | undefined {
    const { list } = this.regions;
    if (list === undefined || this.overlay !== undefined || row < list.row || row >= list.row + list.count) {
      return undefined;
    }
    return this.#select(this.rows[list.first + row - list.row]);
  }

  #move(by: number): BoardAction | undefined {
    const { rows } = this;
    const at = rows.findIndex((row) => this.#selected !== undefined && isSameRow(row, this.#selected));
    return this.#select(rows[Math.max(0, Math.min(rows.length - 1, at + by))]);
  }

  #keepSelected(): BoardAction | undefined {
    const { rows } = this;
    const before = this.#selected;
    const same = before === undefined ? undefined : rows.find((row) => isSameRow(row, before)) ??
      rows.find(({ app }) => app.name === before.app.name && app.root === before.app.root);
    return this.#select(same ?? rows[0]);
  }

  #select(row: AppRow | undefined): BoardAction | undefined {
    const before = this.#selected;
    this.#selected = row;
    if (this.showsAll || row === undefined && before === undefined) return undefined;
    return row !== undefined && before !== undefined && isSameRow(row, before)
      ? undefined
      : this.#anotherLog();
  }

  #anotherLog(): BoardAction {
    this.log.clear();
    return { type: "log", all: false };
  }

  #act(type: "start" | "stop" | "restart"): BoardAction | undefined {
    return this.#selected === undefined ? undefined : { type, row: this.#selected };
  }

  #scale(by: -1 | 1): BoardAction | undefined {
    const row = this.#selected;
    if (row === undefined) return undefined;
    const count = Math.max(1, row.app.instances.length) + by;
    if (count >= 1) return { type: "scale", row, count };
    this.message = "An app has one instance at least; x stops it";
    return undefined;
  }

  #sortBy(): undefined {
    this.sort = SORTS[(SORTS.indexOf(this.sort) + 1) % SORTS.length] ?? "order";
    this.message = `Sorted by ${this.sort}`;
  }
}
