import { HaftError } from "../base/errors.ts";
import { forPeople } from "../base/system_error.ts";
import { createStyle } from "../ui/style.ts";
import type { Context } from "./command.ts";

/** The error as a person reads it: what happened, then the next step; with HAFT_DEBUG=1 also where. */
export function describeError(error: unknown, { env, stderr }: Pick<Context, "env" | "stderr">): string {
  const style = createStyle(stderr.color);
  const { message, next = faultNote(error) } = forPeople(error);
  // Further lines of a message are indented: none of them passes for a message of its own.
  const lines = [`${style.bold(style.red("error"))}: ${message.trimEnd().replace(/\r?\n/g, "\n  ")}`];
  if (next !== undefined) lines.push(...next.split("\n").map((line) => `  ${line}`));
  if ((env["HAFT_DEBUG"] ?? "") !== "") lines.push(...causes(error));
  return lines.join("\n") + "\n";
}

/**
 * The error as a line of JSON, for a program that asked for JSON: `{"error": {name, message, next?}}`. `name`
 * is the protocol's where the daemon answered, else the class of haft's error.
 *
 * @param about further members, such as the tool that the error is about
 */
export function errorAsJson(error: unknown, about: Readonly<Record<string, string>> = {}): string {
  const { message, next = faultNote(error) } = forPeople(error);
  const name = daemonsName(error) ?? (error instanceof Error ? error.name : "Error");
  return `${JSON.stringify({ error: { ...about, name, message, next } })}\n`;
}

function daemonsName(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("errorName" in at && typeof at.errorName === "string") return at.errorName;
  }
  return undefined;
}

/** What is neither written for people nor the system's is a mistake of haft's. */
function faultNote(error: unknown): string | undefined {
  return error instanceof HaftError ? undefined : "This is a fault in haft itself; HAFT_DEBUG=1 shows where";
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) lines.push(at.stack ?? String(at));
  return lines;
}
