import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../base/errors.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { globToRegExp } from "@std/path/glob-to-regexp";

/** Tells which paths below a tool's directory are left out; undefined when none is. */
export type Excluded = (components: readonly string[]) => boolean;

/**
 * A pattern means what it matches and all below it. One without a slash means a name at any depth; one that
 * begins with a slash is a path from the tool's directory.
 *
 * @param patterns globs with `*`, `**`, `?`, `[…]` and `{a,b}`
 */
export function excludedBy(patterns: readonly string[]): Excluded | undefined {
  if (patterns.length === 0) return undefined;
  const rules = patterns.map((pattern) => ({
    anywhere: !pattern.replace(/\/+$/, "").includes("/"),
    matches: globToRegExp(pattern.replaceAll(/^\/+|\/+$/g, ""), { extended: true, globstar: true }),
  }));
  return (components) =>
    components.some((name, index) => {
      const path = components.slice(0, index + 1).join("/");
      return rules.some(({ anywhere, matches }) => matches.test(anywhere ? name : path));
    });
}

/** Removes what is left out of a tree that another program wrote. */
export function removeExcluded(root: string, { exclude = [] }: InstallConfig): void {
  const excluded = excludedBy(exclude);
  if (excluded === undefined) return;
  const visit = (directory: readonly string[]): void => {
    for (const entry of readdirSync(join(root, ...directory), { withFileTypes: true })) {
      const components = [...directory, entry.name];
      if (excluded(components)) rmSync(join(root, ...components), { recursive: true, force: true });
      else if (entry.isDirectory()) visit(components);
    }
  };
  visit([]);
}

export function excludedExecutable({ tool_name: tool }: InstallConfig, name: string): HaftError {
  return new HaftError(`options.exclude_patterns of "${tool}" leave out its executable "${name}"`, {
    next: "Narrow the patterns",
  });
}
