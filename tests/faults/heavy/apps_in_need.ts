import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { binary } from "../../e2e/support.ts";
import { pidsOf, project, status } from "../app_project.ts";

Deno.test("without descriptors apps are not started, which is said, and are once there are some again", async () => {
  await using daemon = await project(
    Array.from({ length: 40 }, (_, n) => `[apps.a${n}]\ncommand = "sleep 1000"\nrestart = "no"\n`).join(""),
  );
  const { stdout } = await daemon.sandbox.shell(binary, `ulimit -n 48; haft daemon start --json`);
  const { pid } = JSON.parse(stdout);
  const { code, stderr } = await daemon.run("app", "start");
  const running = pidsOf(await status(daemon)).filter((one) => one !== null).length;
  // Descriptors are held while a process is started, and for what is watched: all of them, or a clear error
  // for the others.
  assert(code === 0 ? running === 40 : running < 40, `code ${code}, ${running} running: ${stderr}`);
  if (code !== 0) assertStringIncludes(stderr, "of 48 descriptors open");
  assertEquals((await daemon.call("daemon.status"))["pid"], pid);
  await daemon.run("app", "stop");
  await daemon.run("app", "start", "a0");
  assertEquals(typeof (await status(daemon))[0]?.instances[0]?.pid, "number");
});

Deno.test({
  name: "a disk that is full costs lines, not the app or the daemon, and is over when there is room again",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    await using daemon = await project(
      `[apps.fills]
command = ["sh", "-c", "while :; do head -c 100000 /dev/zero | tr '\\\\0' x | fold -w 99; sleep 0.01; done"]
log = { max_size = "64MiB" }
restart = "no"
`,
    );
    const state = join(daemon.sandbox.root, "small");
    mkdirSync(state);
    const mounted = new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=2m", "tmpfs", state] })
      .outputSync();
    if (!mounted.success) {
      console.log("no tmpfs can be mounted here: left out");
      return;
    }
    try {
      const shell = `HAFT_HOME=${state} haft`;
      const { stderr } = await daemon.sandbox.shell(
        binary,
        `${shell} trust >/dev/null; ${shell} daemon start --json >/dev/null; ${shell} app start fills >/dev/null; sleep 2`,
      );
      assertEquals(stderr, "");
      // The app goes on or ends as it likes; the daemon answers, with the truth.
      const answers = await daemon.sandbox.shell(
        binary,
        `${shell} daemon status --json >/dev/null && ${shell} app status --json; ${shell} app stop; df --output=avail ${state} | tail -1`,
      );
      assertStringIncludes(answers.stdout, '"fills"');
      assertStringIncludes(answers.stdout, "fills: stopped");
      // Emptied: a file that is deleted takes its room as long as somebody has it open.
      await daemon.sandbox.shell(binary, `find ${state} -name '*.log' -exec truncate -s 0 {} +`);
      const after = await daemon.sandbox.shell(
        binary,
        `${shell} app start again -- sh -c 'echo room again; sleep 100'
         for i in $(seq 100); do ${shell} app logs -n 5 | grep 'room again' && break; sleep 0.1; done
         ${shell} daemon stop`,
      );
      assertStringIncludes(after.stdout, "room again");
    } finally {
      new Deno.Command("umount", { args: ["-l", state] }).outputSync();
    }
  },
});
