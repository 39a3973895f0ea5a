/**
 * A daemon of one version that looks after apps and tasks makes way for one of the next version, and nothing
 * is lost. Both are real builds, and `haft self update` gets the new one from a release server on loopback.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../../scripts/build.ts";
import { ReleaseServer, testSigningKey } from "../support/release_server.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, Sandbox } from "./support.ts";
import { ended, project, running, task } from "./task_sandbox.ts";

const ignore = process.platform !== "linux";
const release = { url: "http://releases.invalid", publicKey: testSigningKey().publicKey };
const [OLD, NEW] = ["0.9.0", "0.9.1"];
const APPS = Array.from({ length: 20 }, (_, index) => `a${index + 1}`);

/** Each task waits for a file of its own, so that it ends when the test says so. */
const until = (file: string) => `while [ ! -e ${file} ]; do sleep 0.02; done`;
const TASKS = `
[tasks.steps]
run = [
  ["sh", "-c", '${until("go-steps")}; echo "one $CALLER"'],
  ["sh", "-c", 'echo "two $CALLER"'],
  ["sh", "-c", 'echo "three $CALLER"; exit 3'],
]

[tasks.seven]
run = '${until("go-seven")}; exit 7'

[tasks.again]
run = 'echo "try $HAFT_TASK_ATTEMPT"; ${until("go-again")}; [ "$HAFT_TASK_ATTEMPT" = 3 ] || exit 5'
retries = 2
retry_delay = "10ms"

[tasks.never]
run = 'echo "try $HAFT_TASK_ATTEMPT"; ${until("go-never")}; exit 9'
retries = 1
retry_delay = "10ms"

[tasks.killed]
run = '${until("go-killed")}; kill -KILL $$'
`;
const NAMES = ["steps", "seven", "again", "never", "killed"];

/** Each app counts, in its log, until a file says that it is enough. */
function apps(names: readonly string[]): string {
  return names.map((name) =>
    `[apps.${name}]\ncommand = 'i=0; while [ ! -e enough ]; do i=$((i+1)); echo $i; sleep 1; done; echo last; exec sleep 600'\n`
  ).join("");
}

interface Instance {
  pid: number | null;
  restarts: number;
}

/** App → what the daemon knows of its process. */
async function processes(daemon: DaemonSandbox): Promise<Record<string, Instance>> {
  const { apps } = await daemon.call("app.status", { names: [] }) as {
    apps: { name: string; instances: Instance[] }[];
  };
  return Object.fromEntries(
    apps.map((
      { name, instances: [one] },
    ) => [name, { pid: one?.pid ?? null, restarts: one?.restarts ?? -1 }]),
  );
}

async function startTask(daemon: DaemonSandbox, name: string): Promise<string> {
  const { sandbox, haft } = daemon;
  const { code, stdout, stderr } = await sandbox.run(haft, {
    args: ["task", "start", name],
    env: { CALLER: name },
  });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout.trim();
}

async function outcome(daemon: DaemonSandbox, id: string) {
  const { state, reason, exit_code: code, attempt } = await ended(daemon, id);
  return { state, reason, code, attempt };
}

Deno.test({
  name:
    "self update with 20 apps and 5 tasks: pids, logs, exit codes, retries and further commands go on in the new daemon",
  ignore,
  fn: async () => {
    const [old, fresh] = [await build({ version: OLD, release }), await build({ version: NEW, release })];
    await using server = await ReleaseServer.start();
    const content = readFileSync(fresh.path);
    await server.publish(NEW, {
      target: `linux-${process.arch}`,
      files: [{ path: "haft", content, executable: true }],
    });
    const sandbox = await Sandbox.create();
    const path = join(sandbox.root, "bin", "haft");
    mkdirSync(join(path, ".."));
    copyFileSync(old.path, path);
    await using daemon = new DaemonSandbox(sandbox, { name: "binary", argv: [path] });
    sandbox.manifest(apps(APPS) + TASKS);
    await daemon.run("trust");
    const up = await daemon.run("app", "up", "-d");
    assertEquals(up.code, 0, up.stderr);
    const tasks: Record<string, string> = {};
    for (const name of NAMES) tasks[name] = await startTask(daemon, name);
    const id = (name: string) => tasks[name] ?? "";
    const places = navigator.hardwareConcurrency;
    const runningBefore = await Promise.all(NAMES.slice(0, places).map((name) => running(daemon, id(name))));
    const before = await processes(daemon);
    const { pid, epoch } = await daemon.call("daemon.status");
    const heard = Promise.withResolvers<void>();
    const complete = Promise.withResolvers<void>();
    const following = sandbox.run(daemon.haft, {
      args: ["app", "logs", "-f", "-n", "20", "--json", "--every-project"],
      onOutput({ stdout }) {
        if (stdout !== "") heard.resolve();
        if (stdout.split('"line":"last"').length > APPS.length) complete.resolve();
      },
    });
    await Promise.race([heard.promise, following]);

    const update = await sandbox.run(daemon.haft, {
      args: ["self", "update"],
      env: { HAFT_MIRROR: server.url },
    });
    assertEquals(update.code, 0, update.stderr);
    assertStringIncludes(update.stderr, "The daemon is replaced, too; its apps and tasks go on");
    const after = await daemon.call("daemon.status");
    assertEquals([after["version"], after["pid"]], [NEW, pid]);
    assert(after["epoch"] !== epoch);
    assertEquals(await processes(daemon), before);
    assertEquals(Object.values(before).filter(({ pid }) => pid !== null).length, APPS.length);
    const runningAfter = await Promise.all(NAMES.slice(0, places).map((name) => running(daemon, id(name))));
    assertEquals(runningAfter, runningBefore);

    const go = (...names: string[]) => {
      for (const name of names) writeFileSync(join(sandbox.project, `go-${name}`), "");
    };
    go("steps", "seven", "killed");
    assertEquals(await outcome(daemon, id("steps")), {
      state: "aborted",
      reason: "failed",
      code: 3,
      attempt: 1,
    });
    assertEquals(await outcome(daemon, id("seven")), {
      state: "aborted",
      reason: "failed",
      code: 7,
      attempt: 1,
    });
    // Once more, while attempts are counted, and back to the version before.
    await running(daemon, id("again"));
    assertEquals((await daemon.run("daemon", "restart")).code, 0);
    go("again", "never");
    assertEquals(await outcome(daemon, id("again")), {
      state: "completed",
      reason: null,
      code: 0,
      attempt: 3,
    });
    assertEquals(await outcome(daemon, id("never")), {
      state: "aborted",
      reason: "failed",
      code: 9,
      attempt: 2,
    });
    const { code, reason } = await outcome(daemon, id("killed"));
    assertEquals([code, reason], [137, "failed"]);
    assertStringIncludes((await task(daemon, id("killed"))).error ?? "", "It was ended by SIGKILL");
    assertEquals(
      (await daemon.run("task", "logs", id("steps"))).stdout,
      "one steps\ntwo steps\nthree steps\n",
    );
    assertEquals((await daemon.run("task", "logs", id("again"))).stdout, "try 1\ntry 2\ntry 3\n");

    assertEquals(await processes(daemon), before);
    writeFileSync(join(sandbox.project, "enough"), "");
    await Promise.race([complete.promise, following]);
    await daemon.run("app", "stop", "--every-project");
    await daemon.run("daemon", "stop");
    const lines: Record<string, string[]> = {};
    const followed = await following;
    for (const line of followed.stdout.trimEnd().split("\n")) {
      const { app, line: text } = JSON.parse(line);
      (lines[app] ??= []).push(text);
    }
    for (const app of APPS) {
      const seen = lines[app] ?? [];
      const first = Number(seen[0]);
      assert(seen.length > 2, `${app}: ${seen.length} lines`);
      assertEquals(seen, [...seen.slice(0, -1).map((_, index) => `${first + index}`), "last"]);
    }
  },
});

Deno.test({
  name:
    "daemon restart of apps: one that ends in this moment is seen with its exit code, restarted and counted once",
  ignore,
  fn: async () => {
    await using daemon = await project(
      binary,
      `[apps.fails]\ncommand = '${
        until("go")
      }; rm go; exit 4'\nrestart = "on-failure"\nbackoff = { initial = "10ms" }\n`,
    );
    assertEquals((await daemon.run("app", "start", "fails")).code, 0);
    const before = await processes(daemon);
    const restart = daemon.run("daemon", "restart");
    writeFileSync(join(daemon.sandbox.project, "go"), "");
    assertEquals((await restart).code, 0);
    for (;;) {
      const now = await processes(daemon);
      if (now["fails"]?.restarts === 1 && now["fails"].pid !== null) {
        assert(now["fails"].pid !== before["fails"]?.pid);
        break;
      }
      await delay(20);
    }
    const { apps } = await daemon.call("app.status", { names: [] }) as {
      apps: { instances: { restart_reason?: string | null; reason?: string | null }[] }[];
    };
    assertStringIncludes(JSON.stringify(apps), "exited with code 4");
  },
});
