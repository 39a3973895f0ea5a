/**
 * What the configuration of everything that runs is made of: commands, variables, times, sizes. Their output
 * is plain JSON.
 */
import * as v from "valibot";
import { NO_NUL } from "../../base/no_nul.ts";
import { parseByteSize } from "./byte_size.ts";
import { parseDuration } from "./duration.ts";

export const Duration = v.pipe(
  v.string(),
  v.check((text) => parseDuration(text) !== undefined, 'a time such as "500ms", "10s" or "5m"'),
  v.transform((text) => parseDuration(text) ?? 0),
);
export const ByteSize = v.pipe(
  v.string(),
  v.check((text) => parseByteSize(text) !== undefined, 'a size such as "10MiB"'),
  v.transform((text) => parseByteSize(text) ?? 0),
);
export const Text = v.pipe(v.string(), v.nonEmpty("a text that is not empty"), NO_NUL);
export const Count = v.pipe(v.number(), v.integer("a whole number"), v.minValue(1, "1 or more"));
export const VariableName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable's name"));
export const Variable = v.union([
  v.pipe(v.string(), NO_NUL),
  v.pipe(v.number(), v.transform(String)),
  v.pipe(v.boolean(), v.transform(String)),
]);

/** A text for a shell, or a list of words. */
export const Command = v.union([
  v.pipe(v.string(), NO_NUL, v.check((text) => text.trim() !== "", "a command")),
  v.pipe(
    v.array(v.pipe(v.string(), NO_NUL)),
    v.check((argv) => (argv[0] ?? "") !== "", "a list that begins with a command"),
  ),
]);
/** A shell and its flags, before the text that it runs: `"bash"` is `["bash", "-c"]`. */
export const Shell = v.union([
  v.pipe(v.string(), v.check((text) => text.trim() !== "", "a shell"), v.transform((name) => [name, "-c"])),
  v.pipe(v.array(v.string()), v.check((words) => (words[0] ?? "") !== "", "a list that begins with a shell")),
]);
export const Backoff = v.strictObject({
  /** Before the first restart. */
  initial: v.optional(Duration, "100ms"),
  max: v.optional(Duration, "30s"),
  multiplier: v.optional(v.pipe(v.number(), v.minValue(1, "1 or more")), 2),
  /** The share of a delay that is random: 0.3 is up to 30 % more or less. */
  jitter: v.optional(v.pipe(v.number(), v.minValue(0, "0 to 1"), v.maxValue(1, "0 to 1")), 0.3),
  /** Restarts in a row, without end when it is not set. */
  max_attempts: v.optional(v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "0 or more"))),
  /** Up for this long, the count of restarts begins anew. */
  reset_after: v.optional(Duration, "10s"),
  /** What becomes of the app after the last attempt. */
  exhausted: v.optional(v.picklist(["stop", "remove"]), "stop"),
});
export type Backoff = v.InferOutput<typeof Backoff>;
