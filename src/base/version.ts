import settings from "../../deno.json" with { type: "json" };

/** Set by the build of a binary. */
declare const HAFT_VERSION: string;

/** haft's own version, as deno.json has it. */
export const VERSION: string = typeof HAFT_VERSION === "undefined" ? settings.version : HAFT_VERSION;
