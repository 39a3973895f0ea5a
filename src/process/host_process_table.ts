import process from "node:process";
import { linuxProcessTable } from "./linux_process_table.ts";
import type { ProcessTable } from "./process_table.ts";
import { psProcessTable } from "./ps_process_table.ts";

/** The process table of the system that this runs on. */
export function hostProcessTable(): ProcessTable {
  return process.platform === "linux" ? linuxProcessTable : psProcessTable;
}
