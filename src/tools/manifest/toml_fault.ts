import type { TomlError } from "smol-toml";
import { type Position, scanToml } from "./toml_scanner.ts";

/** A mistake in a TOML text, where it begins. */
export interface TomlFault extends Position {
  reason: string;
}

/**
 * Where a mistake begins: the parser says where it noticed, which may be lines below a bracket that is not
 * closed.
 */
export function tomlFault(text: string, { message, line, column }: TomlError): TomlFault {
  const words = message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "it is not TOML";
  const rows = text.split("\n");
  const row = rows[line - 1] ?? "";
  const before = [...rows.slice(0, line - 1), row.slice(0, column - 1)].join("\n");
  const opening = scanToml(before).open.at(-1);
  const isUnclosedString = opening?.what === "string" && /control characters|unfinished/.test(words);
  if (opening !== undefined && (isUnclosedString || (opening.what !== "string" && opening.line < line))) {
    return { line: opening.line, column: opening.column, reason: `this ${opening.what} is not closed` };
  }
  if (words === "unfinished string") return { line, column, reason: "this string is not closed" };
  if (words === "illegal character in key") {
    const head = /^\s*\[+/.exec(row);
    return head === null
      ? { line, column, reason: 'a "=" is expected after the key' }
      : { line, column: head[0].length, reason: "this head of a table is not closed" };
  }
  if (words === "invalid value") {
    const bare = /^[A-Za-z][\w.@/-]*/.exec(row.slice(column - 1).trimStart())?.[0];
    return {
      line,
      column,
      reason: bare === undefined ? "a value is expected" : `text stands in quotes: "${bare}"`,
    };
  }
  return { line, column, reason: words };
}

/** The line, with a caret below the place. */
export function codeFrame(text: string, { line, column }: Position): string {
  const number = String(line);
  const row = (text.split(/\r?\n/)[line - 1] ?? "").replaceAll("\t", " ");
  return `${number} | ${row}\n${" ".repeat(number.length)} | ${" ".repeat(Math.max(0, column - 1))}^`;
}
