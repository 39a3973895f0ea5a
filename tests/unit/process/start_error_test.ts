import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { hostProcessTable } from "../../../src/process/host_process_table.ts";
import { spawnDetached } from "../../../src/process/spawn_detached.ts";
import { startFront } from "../../../src/tasks/front/front_process.ts";

Deno.test("a program that cannot start because its directory has been removed is not blamed itself", async () => {
  const cwd = join(Deno.makeTempDirSync(), "removed");
  const [file, env] = ["/bin/sh", {}];
  const inBackground = () => spawnDetached({ file, args: [], cwd, env, stdio: "ignore" }, hostProcessTable());
  const inFront = () =>
    startFront({
      program: { file, args: [], verbatim: false },
      cwd,
      env,
      stdin: "none",
      recorded: false,
      direct: false,
      onOutput: () => true,
    });
  for (const start of [inBackground, inFront]) {
    const error = await assertRejects(start, HaftError, `Cannot run in "${cwd}": ENOENT, it does not exist`);
    assertEquals(error.next, 'Make the directory, or change "cwd"');
  }
});
