/** Parameters that several methods take. */
import * as v from "valibot";

/** A word of a command, a variable or its value. */
export const Word = v.pipe(v.string(), v.excludes("\0", "has a NUL, where the system's texts end"));

export const AbsolutePath = v.pipe(
  Word,
  v.regex(/^(\/|[A-Za-z]:[\\/])/, "not an absolute path"),
  v.maxLength(4_096),
);

/**
 * A tool's name, or that of one of its executables. The code that looks it up decides which names are valid.
 */
export const ToolName = v.pipe(v.string(), v.minLength(1), v.maxLength(214));

/** A version, a range or a tag. */
export const VersionText = v.pipe(v.string(), v.minLength(1), v.maxLength(256));

/** The caller's environment, which the daemon keeps in memory alone; its own where it is left out. */
export const Environment = v.optional(v.record(Word, Word));
