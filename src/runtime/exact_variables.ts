import { Buffer } from "node:buffer";
import { mayHaveLostBytes, REPLACEMENT } from "../base/lost_bytes.ts";
import { exactWords } from "./exact_words.ts";

/** The others no shell can set. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A program that a child process runs, with the very bytes of variables that are no UTF-8: the runtime gives
 * a child texts alone. A shell sets those variables, and the program takes its place.
 */
export function withExactVariables(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): string[] {
  if (!mayHaveLostBytes([], env)) return [file, ...args];
  const exact = exactWords();
  const lines = Object.entries(env).flatMap(([name, value]) => {
    if (!value.includes(REPLACEMENT) || !NAME.test(name)) return [];
    const bytes = exact(`${name}=${value}`).subarray(name.length + 1);
    return Buffer.from(value).equals(bytes) ? [] : [setVariable(name, bytes)];
  });
  return lines.length === 0
    ? [file, ...args]
    : ["/bin/sh", "-c", [...lines, 'exec "$0" "$@"'].join("\n"), file, ...args];
}

/** The last letter keeps the shell from cutting off line ends. */
function setVariable(name: string, bytes: Uint8Array): string {
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `${name}="$(printf '${octal}_')"; export ${name}="\${${name}%_}"`;
}
