import process from "node:process";
import { versionAtOnce } from "./src/cli/version_at_once.ts";

// The shortest ways come first, each a file of its own in the binary: a command loads no other's.
const args = process.argv.slice(2);
let isDone = false;
switch (args[0]) {
  case "exec":
  case "x":
    (await import("./src/cli/exec_at_once.ts")).execAtOnce(args);
    break;
  case "ipc-send":
    isDone = (await import("./src/cli/ipc/send_at_once.ts")).sendAtOnce(args);
    break;
  case "sync":
    isDone = await (await import("./src/cli/sync_at_once.ts")).syncAtOnce(args);
    break;
  case "--version":
  case "-V":
  case "version":
    isDone = args.length === 1 && await versionAtOnce();
}
if (!isDone) {
  const { start } = await import("./src/cli/start.ts");
  process.exitCode = await start(args);
}
