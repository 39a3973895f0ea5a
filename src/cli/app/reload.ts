import { beginAnew } from "./begin_anew.ts";

/** As restart, without a moment in which no instance is ready. */
export const command = beginAnew("app.reload", ["haft app reload web"]);
