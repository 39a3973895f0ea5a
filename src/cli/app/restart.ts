import { beginAnew } from "./begin_anew.ts";

export const command = beginAnew("app.restart", ["haft app restart web", "haft app restart web:1"]);
