import process from "node:process";
import { execAtOnce } from "./src/cli/exec_at_once.ts";
import { sendAtOnce } from "./src/cli/ipc/send_at_once.ts";
import { syncAtOnce } from "./src/cli/sync_at_once.ts";
import { versionAtOnce } from "./src/cli/version_at_once.ts";

const args = process.argv.slice(2);
execAtOnce(args);
if (!sendAtOnce(args) && !await versionAtOnce(args) && !await syncAtOnce(args)) {
  const { start } = await import("./src/cli/start.ts");
  process.exitCode = await start(args);
}
