/** Apps while their daemon dies a hundred times, has no descriptors, or has no room for logs. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { logFamily } from "../../../src/apps/logs/log_files.ts";
import type { AppStatus } from "../../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox, untilGone } from "../../e2e/daemon_sandbox.ts";
import { binary } from "../../e2e/support.ts";

const KILLS = 100;
const APPS = 10;

async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  await daemon.run("trust");
  return daemon;
}

async function status(daemon: DaemonSandbox): Promise<AppStatus[]> {
  return (await daemon.call("app.status", { root: daemon.sandbox.project }))["apps"] as AppStatus[];
}

function pidsOf(apps: readonly AppStatus[]): (number | null)[] {
  return apps.map(({ instances }) => instances[0]?.pid ?? null);
}

/** Every living process that the sandbox's apps have started. */
function processesOf({ sandbox }: DaemonSandbox): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
      return environ.includes("HAFT_APP_ID=") && environ.includes(sandbox.root);
    } catch {
      return false;
    }
  }).map(Number);
}

Deno.test(`kill -9 of the daemon ${KILLS} times with ${APPS} apps: no orphans, no doubles, all adopted, no line lost`, async () => {
  const app = (n: number) =>
    `[apps.a${n}]
command = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && sleep 0.02; done"]
log = { max_size = "16KiB", keep = 1000 }
`;
  await using daemon = await project(Array.from({ length: APPS }, (_, n) => app(n)).join(""));
  await daemon.run("app", "start");
  const pids = pidsOf(await status(daemon));
  assertEquals(pids.includes(null), false);
  for (let round = 0; round < KILLS; round++) {
    const pid = await daemon.start();
    // From its first moment, while it adopts, to the middle of its rotations.
    await delay((round * 13) % 120);
    process.kill(pid, "SIGKILL");
    await untilGone(pid);
  }
  assertEquals(pidsOf(await status(daemon)), pids);
  assertEquals(processesOf(daemon).filter((pid) => !pids.includes(pid) && isShell(pid)), []);
  // All that was written is there, in order, once; a last line may be cut by the stop.
  const logs = (await status(daemon)).map(({ instances }) => instances[0]?.stdout_log ?? "");
  await daemon.run("app", "stop");
  assertEquals(processesOf(daemon), []);
  for (const path of logs) {
    const files = logFamily(path).filter((one) => existsSync(one) && one !== path).reverse();
    assert(files.length > 3, `${path} was rotated ${files.length} times`);
    const numbers = [...files, path].map((one) => readFileSync(one, "utf8")).join("").trimEnd().split("\n")
      .map(Number);
    const gap = numbers.findIndex((number, index) => number !== index + 1);
    assert(
      gap === -1 || gap >= numbers.length - 1,
      `${path}, after ${gap}: ${numbers.slice(gap - 2, gap + 3)}`,
    );
  }
});

/** A writer's own, not one of the `sleep`s that it starts. */
function isShell(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sh\0-c");
  } catch {
    return false;
  }
}

Deno.test("without descriptors apps are not started, which is said, and are once there are some again", async () => {
  await using daemon = await project(
    Array.from({ length: 40 }, (_, n) => `[apps.a${n}]\ncommand = "sleep 1000"\nrestart = "no"\n`).join(""),
  );
  const { stdout } = await daemon.sandbox.shell(binary, `ulimit -n 48; haft daemon start --json`);
  const { pid } = JSON.parse(stdout);
  const { code, stderr } = await daemon.run("app", "start");
  const running = pidsOf(await status(daemon)).filter((one) => one !== null).length;
  // Descriptors are held while a process is started, and for what is watched: all of them, or a clear error for the others.
  assert(code === 0 ? running === 40 : running < 40, `code ${code}, ${running} running: ${stderr}`);
  if (code !== 0) assertStringIncludes(stderr, "EMFILE");
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
    await daemon.start();
    const state = join(daemon.sandbox.root, "small");
    mkdirSync(state);
    const mounted = new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=2m", "tmpfs", state] })
      .outputSync();
    if (!mounted.success) {
      console.log("no tmpfs can be mounted here: left out");
      return;
    }
    try {
      await daemon.run("daemon", "stop");
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
      await daemon.sandbox.shell(
        binary,
        `rm -f ${state}/state/apps/logs/*; find ${state} -name '*.log' -delete`,
      );
      const after = await daemon.sandbox.shell(
        binary,
        `${shell} app start -- sh -c 'echo room again; sleep 100' && sleep 0.5; ${shell} app logs -n 5; ${shell} daemon stop`,
      );
      assertStringIncludes(after.stdout, "room again");
    } finally {
      new Deno.Command("umount", { args: ["-l", state] }).outputSync();
    }
  },
});
