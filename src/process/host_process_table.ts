import process from "node:process";
import { linuxProcessTable } from "./linux_process_table.ts";
import type { ProcessTable } from "./process_table.ts";
import { psProcessTable } from "./ps_process_table.ts";
import { windowsProcessTable } from "./windows_process_table.ts";

/** The process table of the system that this runs on. */
export function hostProcessTable(): ProcessTable {
  if (process.platform === "linux") return linuxProcessTable;
  return process.platform === "win32" ? windowsProcessTable : psProcessTable;
}
