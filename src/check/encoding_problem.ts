import { readFileSync } from "node:fs";
import type { FoundProblem } from "../protocol/methods/project_methods.ts";
import { codeFrame } from "../tools/manifest/toml_fault.ts";

/** The first bytes of a file that are no UTF-8; haft reads each as U+FFFD. @param text as it was read */
export function encodingProblem(file: string, text: string): FoundProblem | undefined {
  if (!text.includes("\uFFFD")) return undefined;
  const bytes = readFileSync(file);
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, end === -1 ? bytes.length : end);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(part);
    } catch {
      const place = { line, column: new TextDecoder().decode(part).indexOf("\uFFFD") + 1 };
      return {
        file,
        ...place,
        key: null,
        message: "this text is not UTF-8",
        next: "Save the file as UTF-8",
        frame: codeFrame(text, place),
      };
    }
    if (end === -1) break;
    start = end + 1;
  }
  return undefined;
}
