/** Values of other supervisors' files, as leniently as their own readers take them. */
import { split } from "shlex";

export type Table = Record<string, unknown>;

/** A value that cannot be taken over; the message says why. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Mismatch("not a text");
}

/** Numbers may be texts. */
export function asNumber(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw new Mismatch("not a number");
  return number;
}

export function asCount(value: unknown): number {
  const number = asNumber(value);
  if (!Number.isInteger(number) || number < 1) throw new Mismatch("not a whole number from 1 up");
  return number;
}

export function asBoolean(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  const text = String(value).toLowerCase();
  if (["true", "yes", "on", "1"].includes(text)) return true;
  if (["false", "no", "off", "0"].includes(text)) return false;
  throw new Mismatch("neither true nor false");
}

export function asTable(value: unknown): Table {
  if (!isTable(value)) throw new Mismatch("not a table");
  return value;
}

/** A list of texts, or one alone. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asText) : [asText(value)];
}

/** The words of a text, by a shell's quotes. */
export function splitWords(text: string): string[] {
  try {
    return split(text);
  } catch {
    throw new Mismatch("its quotes are not closed");
  }
}

/** A word for a shell, in quotes in which it fills in variables unless dollars are escaped as well. */
export function expandedWord(word: string, escaped = /["\\`]/g): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(escaped, "\\$&")}"`;
}

/** Variables as a table, or as a list of `NAME=value`; `NAME` alone is the caller's. */
export function asVariables(value: unknown): Table {
  if (!Array.isArray(value)) return asTable(value);
  return Object.fromEntries(
    value.map(asText).filter((line) => line.includes("=")).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

export function milliseconds(value: number): string {
  const rounded = Math.round(value);
  return rounded % 1000 === 0 ? `${rounded / 1000}s` : `${rounded}ms`;
}

/** Seconds as a number. */
export function asSeconds(value: unknown): string {
  return milliseconds(asNumber(value) * 1000);
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as Go writes it: `1m30s`, `1.5h`, `500ms`; a bare number has the unit that is usual there. */
export function asGoDuration(value: unknown, unit = "s"): string {
  const text = asText(value).trim();
  const bare = /^\d+(\.\d+)?$/.test(text) ? `${text}${unit}` : text;
  const parts = [...bare.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== bare) {
    throw new Mismatch(`"${text}" is no time`);
  }
  return milliseconds(
    parts.reduce((sum, [, amount, name = ""]) => sum + Number(amount) * (UNITS[name] ?? 0), 0),
  );
}

/** A size with binary units: `300M`, `1G`, `2gb`; a bare number is bytes. */
export function asBinarySize(value: unknown): string {
  const text = asText(value).trim();
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)i?b?$/i.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0) throw new Mismatch(`"${text}" is no size`);
  return unit === "" ? `${Math.round(Number(amount))}B` : `${amount}${unit.toUpperCase()}iB`;
}

/** `TERM`, `15`, `SIGTERM`. */
export function asSignal(value: unknown): string {
  const text = asText(value).trim().toUpperCase();
  const name = SIGNALS[text] ?? text;
  if (!/^[A-Z][A-Z0-9]*$/.test(name)) throw new Mismatch(`"${text}" is no signal`);
  return name.startsWith("SIG") ? name : `SIG${name}`;
}

const SIGNALS: Readonly<Record<string, string>> = {
  "1": "HUP",
  "2": "INT",
  "3": "QUIT",
  "6": "ABRT",
  "9": "KILL",
  "10": "USR1",
  "12": "USR2",
  "15": "TERM",
};
