import { fileURLToPath } from "node:url";

/** The directory of deno.json. */
export const projectRoot: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");
