/**
 * `replace_itself FILE ARGS…` becomes FILE, and does nothing else: the least that `haft exec` could cost. By
 * the C library, as haft does it: `process.execve` takes longer.
 */
import process from "node:process";
import { atOnce } from "../../../src/runtime/at_once.ts";

const [file = "", ...args] = process.argv.slice(2);
atOnce().replace(file, args, {});
