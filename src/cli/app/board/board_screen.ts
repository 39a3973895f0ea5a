import { textColumns } from "../../../runtime/text_columns.ts";
import { columnsOf, wrapped } from "../../../ui/terminal/styled_text.ts";
import type { ScreenSize } from "../../../ui/terminal/full_screen.ts";
import { plainText, terminalText } from "../../../ui/terminal_text.ts";
import { counted, fit } from "../../../ui/text.ts";
import { appList } from "./app_list.ts";
import { isSameRow } from "./app_rows.ts";
import type { BoardModel } from "./board_model.ts";
import { helpLines } from "./help_lines.ts";
import { infoLines } from "./info_lines.ts";

/** The whole screen, ready for the terminal: exactly `rows` lines, none wider than `columns`. */
export function boardScreen(model: BoardModel, { columns, rows }: ScreenSize): string[] {
  const lines = [
    ready(titleLine(model, columns), model),
    ...body(model, { columns, rows: Math.max(0, rows - 2) }),
  ];
  while (lines.length < rows - 1) lines.push("");
  lines.length = Math.max(0, rows - 1);
  return [...lines, ready(bottomLine(model, columns), model)].map((line) => columnsOf(line, { columns }));
}

/** With the colours that a terminal knows. */
function ready(line: string, { color }: BoardModel): string {
  return terminalText(line, { color });
}

function body(model: BoardModel, size: ScreenSize): string[] {
  if (model.overlay !== undefined) return overlay(model, size);
  const list = model.isMaximised ? [] : listLines(model, size);
  if (model.isMaximised) model.regions = { list: undefined };
  const rows = Math.max(0, size.rows - list.length - 1);
  model.log.resize({ columns: size.columns, rows });
  return [...list, logTitle(model, size.columns)].map((line) => ready(line, model)).concat(
    model.log.visible(),
  );
}

/** The apps around the selected one, in at most half of the rows. */
function listLines(model: BoardModel, { columns, rows }: ScreenSize): string[] {
  const all = model.rows;
  const { selected, style } = model;
  const room = Math.max(1, Math.min(all.length, Math.floor((rows - 1) / 2) - 1));
  const at = Math.max(0, all.findIndex((row) => selected !== undefined && isSameRow(row, selected)));
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), all.length - room));
  // The widths are those of all lines, so that columns stay where they are while a person scrolls.
  const [head = "", ...lines] = appList(all, { selected, columns, style });
  const shown = lines.slice(first, first + room);
  model.regions = { list: { row: 2, first, count: shown.length } };
  return [style.dim(fit(head, columns)), ...shown];
}

function titleLine(model: BoardModel, columns: number): string {
  const { apps, rows, filter, sort, isReverse, style } = model;
  const failed = apps.filter(({ state }) => ["crashed", "exhausted", "unhealthy"].includes(state)).length;
  const text = [
    "haft",
    filter === ""
      ? counted(apps.length, "app")
      : `${rows.length} of ${counted(apps.length, "app")} with "${plainText(filter)}"`,
    failed === 0 ? "" : `${failed} failed`,
    sort === "order" ? "" : `by ${sort}${isReverse ? ", reversed" : ""}`,
  ].filter((part) => part !== "").join("  ");
  return style.bold(fit(text, columns));
}

function logTitle(model: BoardModel, columns: number): string {
  const { log, selected, showsAll, style } = model;
  const name = showsAll ? "all apps" : selected?.name ?? "no app";
  const facts = [
    log.follows ? "" : "scrolled back, f follows",
    log.wraps ? "" : "not wrapped",
    log.search === "" ? "" : `/${log.search}`,
  ].filter((fact) => fact !== "").map((fact) => ` ${fact} ──`).join("");
  const title = plainText(`── ${name} ──${facts}`);
  return style.dim(fit(title, columns) + "─".repeat(Math.max(0, columns - textColumns(title))));
}

function bottomLine(model: BoardModel, columns: number): string {
  const { prompt, message, overlay, owns, style } = model;
  if (prompt !== undefined) {
    const asked = prompt.for === "search" ? "/" : "filter: ";
    // The end of what is typed stays in view.
    const shown = [...prompt.text].slice(-Math.max(1, columns - asked.length - 2)).join("");
    return plainText(`${asked}${shown}▏`);
  }
  if (message !== "") return style.yellow(fit(plainText(message), columns));
  const keys = overlay !== undefined
    ? "↑↓ scroll  Esc back"
    : `?:help  q:${
      owns ? "stop all" : "quit"
    }  ↑↓:select  s:start  x:stop  r:restart  i:info  /:search  PgUp:scroll  z:maximise  t:plain log`;
  return style.dim(fit(keys, columns));
}

function overlay(model: BoardModel, { rows, columns }: ScreenSize): string[] {
  const { selected, apps, owns, style } = model;
  model.regions = { list: undefined };
  const lines = model.overlay === "info" && selected !== undefined
    ? infoLines(selected, apps, style)
    : helpLines({ owns, style });
  const shown = lines.flatMap((line) => wrapped(ready(line, model), columns));
  model.overlayTop = Math.max(0, Math.min(model.overlayTop, shown.length - rows));
  return shown.slice(model.overlayTop, model.overlayTop + rows);
}
