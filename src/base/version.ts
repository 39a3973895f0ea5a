import settings from "../../deno.json" with { type: "json" };

/** haft's own version, as deno.json has it. */
export const VERSION: string = settings.version;
