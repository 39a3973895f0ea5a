import * as v from "valibot";

const Word = v.pipe(v.string(), v.nonEmpty("a word"));

/**
 * A glob of paths below the tool's directory. Without a slash it means a name at any depth; a slash at its
 * beginning stands for the directory itself.
 */
const Pattern = v.pipe(
  v.string(),
  // Published in the JSON Schema, too: `\x00` is understood by every engine, `\0` is not.
  // deno-lint-ignore no-control-regex
  v.regex(/^(?!.*(?:^|\/)\.\.(?:\/|$))\/?[^/\\\x00][^\\\x00]*$/, 'a glob inside the tool such as "docs/**"'),
);

/**
 * `[tools.NAME.options]`: three that haft knows, and any others, which the `postinstall` command finds in its
 * environment.
 */
export const ToolOptions = v.objectWithRest({
  /** The components to install, of those that the catalogue names; all when absent. */
  components: v.optional(v.array(Word)),
  /** Files that are not installed. */
  exclude_patterns: v.optional(v.array(Pattern)),
  /** Run in the new installation before it counts: a text for the shell, or a program and its arguments. */
  postinstall: v.optional(v.union([Word, v.pipe(v.array(v.string()), v.minLength(1, "a command"))])),
}, v.unknown());
export type ToolOptions = v.InferOutput<typeof ToolOptions>;

/** Those that say something: a list of nothing to leave out is no option. */
export function effectiveOptions(options: ToolOptions): ToolOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) =>
      value !== undefined && !(name === "exclude_patterns" && Array.isArray(value) && value.length === 0)
    ),
  );
}

/** Whether the options make other files of the tool; free ones alone do not. */
export function changeFiles({ components, exclude_patterns, postinstall }: ToolOptions): boolean {
  return components !== undefined || (exclude_patterns ?? []).length > 0 || postinstall !== undefined;
}

/** The same text for the same options, in whatever order they are written. */
export function optionsText(options: ToolOptions): string {
  return JSON.stringify(sorted(effectiveOptions(options)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [key, sorted(item)]),
  );
}
