import { copyFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { targetNamed } from "../support/targets.ts";
import { crossChecks, runTransportCases } from "./channel_checks.ts";
import { type Counts, type Programs, runChecks } from "./checks.ts";
import { daemonChecks } from "./daemon_checks.ts";
import { buildTestProgram } from "./test_program.ts";
import { dialectChecks } from "./dialect_checks.ts";
import { toolChecks, ToolWorld } from "./tool_checks.ts";
import { wine } from "./wine.ts";
import { workChecks } from "./work_checks.ts";

/**
 * The checks of scripts/test_windows_pipes.sh, which has prepared Wine:
 *
 *     test_pipes.ts DIRECTORY NODE   DIRECTORY holds bcryptprimitives.dll and hold_pipe.exe, NODE is a node.exe
 */
const [directory = "", node = ""] = process.argv.slice(2);
const { path: built } = await build({ target: targetNamed("windows-x64") });
const program = await buildTestProgram(directory);
// Windows looks for libraries beside the executable: bcryptprimitives.dll has to lie there.
const haft = join(directory, "haft.exe");
copyFileSync(built, haft);

const programs: Programs = {
  haft,
  holdPipe: join(directory, "hold_pipe.exe"),
  readOutput: join(directory, "read_output.exe"),
  node,
  dialectClient: join(import.meta.dirname ?? "", "dialect_client.cjs"),
  peers: [
    { runtime: "bun", argv: [program.executable] },
    { runtime: "node", argv: [node, program.module] },
  ],
};
const prefix = process.env["WINEPREFIX"] ?? "";
const home = join(prefix, "drive_c", "users", userInfo().username);
const tokens = join(home, "AppData", "Local", "haft", "pipe-tokens");
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

const { code: exclusive } = await wine([programs.holdPipe, "exclusive", "\\\\.\\pipe\\haft-check-exclusive"]);
if (exclusive !== 0) {
  console.log(
    "note    this Wine lets two processes have the first instance of a pipe; what is asked of it is traced",
  );
}
const lacking = ["files", ...(exclusive === 0 ? [] : ["exclusive names"])];
for (const peer of programs.peers) {
  const missing = peer.runtime === "node" ? [...lacking, "peers that pause"] : lacking;
  await runTransportCases(peer, missing, counts);
}
await runChecks(crossChecks(programs), counts);
await runChecks(daemonChecks(programs, tokens), counts);
await runChecks(dialectChecks(programs), counts);
{
  await using world = await ToolWorld.create(prefix, join(directory, "fake_tool.exe"));
  await runChecks(toolChecks(programs, world), counts);
  await runChecks(workChecks(programs, world), counts);
}
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
