import settings from "../../deno.json" with { type: "json" };

/** Set by a build that is to be another version than its sources, for tests of what an update does. */
declare const HAFT_VERSION: string;

/** haft's own version, as deno.json has it. */
export const VERSION: string = typeof HAFT_VERSION === "undefined" ? settings.version : HAFT_VERSION;
