import process from "node:process";
import { execKnown } from "./src/cli/exec_known.ts";

const args = process.argv.slice(2);
const isExec = args[0] === "exec" || args[0] === "x";

process.exitCode = (isExec ? await execKnown(args) : undefined) ??
  await (await import("./src/cli/run.ts")).run(args);
