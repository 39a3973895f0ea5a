import * as v from "valibot";

/** For what the system takes as a path, a word or a variable: those end at a NUL. */
export const NO_NUL = v.check((text: string) => !text.includes("\0"), "a text without NUL");
