import { assertEquals } from "@std/assert";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

const TOOLS = 'This project has no tools\n  Run "haft use TOOL" to add one\n';
const APPS = "This project has no apps\n  Declare one under [apps] in haft.toml\n";
const TASKS = "This project has no tasks\n  Declare one under [tasks] in haft.toml\n";

Deno.test("commands say of an empty project in one way what it lacks, with the next step", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest("");
  const rows: [args: string[], text: string][] = [
    [["sync"], TOOLS],
    [["outdated"], TOOLS],
    [["upgrade"], TOOLS],
    [["lock"], TOOLS],
    [["lock", "--check"], TOOLS],
    [["ls"], TOOLS],
    [["app", "status"], APPS],
    [["app", "list"], APPS],
    [["app", "logs"], APPS],
    [["app", "start"], APPS],
    [["app", "up", "--detach"], APPS],
    [["app", "stop"], APPS],
    [["app", "down"], APPS],
    [["app", "restart"], APPS],
    [["app", "delete"], APPS],
    [["tasks"], TASKS],
    [["task", "list"], 'No task has run here yet\n  Run "haft run" to choose one\n'],
  ];
  for (const [args, text] of rows) {
    const { code, stdout, stderr } = await daemon.run(...args);
    assertEquals({ args, code, said: stdout + stderr }, { args, code: 0, said: text });
  }
  for (const args of [["run"], ["watch"]]) {
    const { code, stderr } = await daemon.run(...args);
    assertEquals({ args, code, stderr }, { args, code: 2, stderr: `error: ${TASKS}` });
  }
});
