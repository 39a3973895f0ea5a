import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_CODE_MEANINGS, ExitCode } from "../src/base/exit_code.ts";
import { SYSTEM_FAILURES } from "../src/base/system_error.ts";
import { ERRORS } from "../src/protocol/wire_error.ts";
import { fillTables } from "./support/markdown_table.ts";
import { projectRoot } from "./support/project.ts";

/**
 * The tables of docs/errors.md, from the tables that haft itself takes codes and next steps from. `deno task
 * docs` writes them anew; a test fails when they differ from what is here.
 */
export const ERROR_DOCUMENT: string = join(projectRoot, "docs", "errors.md");

export function withErrorTables(document: string): string {
  return fillTables(document, {
    exit: [
      ["code", "meaning", "next step"],
      ...Object.entries(ExitCode).map(([name, code]) => {
        const { meaning, next } = EXIT_CODE_MEANINGS[name as keyof typeof ExitCode];
        return [`${code}`, meaning, next];
      }),
    ],
    daemon: [
      ["name", "code", "meaning", "next step"],
      ...Object.entries(ERRORS).map(([name, { code, meaning, next }]) => [
        `\`${name}\``,
        `${code}`,
        meaning,
        next,
      ]),
    ],
    system: [
      ["code", "meaning", "next step"],
      ...Object.entries(SYSTEM_FAILURES).map(([code, { reason, next }]) => [
        `\`${code}\``,
        reason,
        next(undefined).replaceAll('"', "`"),
      ]),
    ],
  });
}

if (import.meta.main) {
  const before = readFileSync(ERROR_DOCUMENT, "utf8");
  const after = withErrorTables(before);
  if (after !== before) writeFileSync(ERROR_DOCUMENT, after);
  console.log(`docs/errors.md ${after === before ? "is up to date" : "written"}`);
}
