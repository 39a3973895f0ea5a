/** `replace_itself FILE ARGS…` becomes FILE, and does nothing else: the least that `haft exec` could cost. */
import process from "node:process";

const [file = "", ...args] = process.argv.slice(2);
process.execve?.(file, [file, ...args], process.env as Record<string, string>);
