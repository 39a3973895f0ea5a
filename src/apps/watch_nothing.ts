import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { globSync } from "tinyglobby";
import { plainPattern, WILD } from "./watch_patterns.ts";

/** Of the patterns that are watched, those that match nothing that is there. */
export function patternsOfNothing(root: string, patterns: readonly string[]): string[] {
  const options = { cwd: root, dot: true, ignore: ["**/node_modules/**", "**/.git/**"] };
  return patterns.filter((pattern) => {
    const plain = plainPattern(pattern);
    if (existsSync(resolve(root, plain))) return false;
    return !WILD.test(plain) || globSync([plain, `${plain}/**`], options).length === 0;
  });
}
