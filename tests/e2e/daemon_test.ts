import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { binary, everyHaft, hasProgram, Sandbox } from "./support.ts";

const PONG = /^\{"uptime_secs":\d+,"cached_runtimes":0\}\n$/;

/** A shell line that waits until somebody is subscribed. */
const UNTIL_SUBSCRIBED =
  "until haft ipc-send --no-spawn client.list | grep -q subscription_id; do sleep 0.02; done";

for (const haft of everyHaft) {
  Deno.test(`${haft.name}: daemon start returns when it answers; a second start finds the same one; stop ends it`, async () => {
    await using daemon = await DaemonSandbox.create(haft);
    const pid = await daemon.start();
    assertMatch((await daemon.run("ipc-send", "--no-spawn", "daemon.ping")).stdout, PONG);
    assertEquals(await daemon.start(), pid);
    const { code, stderr } = await daemon.run("daemon", "stop");
    assertEquals({ code, stderr }, { code: 0, stderr: `The daemon, pid ${pid}, has stopped\n` });
    await untilGone(pid);
    assertEquals(existsSync(daemon.socket), false);
  });

  Deno.test(`${haft.name}: a daemon that was killed with kill -9 is followed by a new one`, async () => {
    await using daemon = await DaemonSandbox.create(haft);
    const first = await daemon.start();
    process.kill(first, "SIGKILL");
    await untilGone(first);
    assertEquals(existsSync(daemon.socket), true);
    assertEquals((await daemon.run("daemon", "status")).code, 3);
    const second = await daemon.start();
    assert(second !== first);
  });
}

Deno.test("daemon status says where it is and how it is; without a daemon it ends with 3 and the next step", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const without = await daemon.run("daemon", "status");
  assertEquals([without.code, without.stdout], [3, ""]);
  assertStringIncludes(without.stderr, 'Run "haft daemon start" first');
  const pid = await daemon.start();
  const status = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
  assertEquals([status.pid, status.socket, status.clients, status.internal_errors], [
    pid,
    daemon.socket,
    1,
    0,
  ]);
  assertMatch((await daemon.run("daemon", "logs")).stdout, new RegExp(`answers at .*pid ${pid}`));
});

Deno.test("the socket and its directory are the user's alone, whatever the umask", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const { code } = await daemon.sandbox.shell(binary, "umask 000; haft daemon start");
  assertEquals(code, 0);
  const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8);
  assertEquals([mode(daemon.socket), mode(join(daemon.socket, ".."))], ["600", "700"]);
});

Deno.test("twenty simultaneous starts make one daemon, and every caller ends well with the same pid", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const results = await Promise.all(
    Array.from({ length: 20 }, () => daemon.run("daemon", "start", "--json")),
  );
  assertEquals(
    results.map(({ code, stderr }) => ({ code, stderr })),
    results.map(() => ({ code: 0, stderr: "" })),
  );
  const pids = new Set(results.map(({ stdout }) => JSON.parse(stdout).pid));
  assertEquals(pids.size, 1);
});

Deno.test("a runtime directory that is open to others, or a link, is refused with the reason", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const directory = join(daemon.sandbox.root, "run", "haft");
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  const open = await daemon.run("daemon", "start");
  assertEquals(open.code === 0, false);
  assertStringIncludes(open.stderr, "its mode is 0777");
  const elsewhere = join(daemon.sandbox.root, "elsewhere");
  mkdirSync(elsewhere, { mode: 0o700 });
  spawnSync("rmdir", [directory]);
  symlinkSync(elsewhere, directory);
  const linked = await daemon.run("daemon", "start");
  assertEquals(linked.code === 0, false);
  assertStringIncludes(linked.stderr, "symbolic link");
});

Deno.test("SIGTERM stops a daemon that runs in front: subscribers are told, the socket goes", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const front = daemon.run("daemon", "run");
  const subscriber = daemon.sandbox.shell(
    binary,
    'for i in $(seq 100); do [ -S "$XDG_RUNTIME_DIR/haft/daemon.sock" ] && break; sleep 0.05; done; ' +
      "haft daemon status --json | tr -dc '{}\":,a-z0-9_' | sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' > pid; " +
      "haft ipc-send --no-spawn --subscribe 'daemon.*' --count 1 & " +
      `${UNTIL_SUBSCRIBED}; kill -TERM $(cat pid); wait`,
  );
  const { stdout } = await subscriber;
  assertEquals([JSON.parse(stdout).event, JSON.parse(stdout).data], ["daemon.stopping", {
    reason: "a signal",
  }]);
  assertEquals((await front).code === 0 || (await front).code === 130, true);
  assertEquals(existsSync(daemon.socket), false);
});

Deno.test("ipc-send starts the daemon when it has to, and not with --no-spawn", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const without = await daemon.run("ipc-send", "--no-spawn", "daemon.ping");
  assertEquals([without.code, without.stdout], [3, ""]);
  assertMatch((await daemon.run("ipc-send", "daemon.ping")).stdout, PONG);
});

Deno.test("ipc-send of a call about a project is about the one that it is made in", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest('[tasks]\nt = "pwd"\n');
  assertEquals((await daemon.run("trust")).code, 0);
  const started = await daemon.run("ipc-send", "task.start", "name=t");
  assertEquals(started.code, 0, started.stderr);
  const { id } = JSON.parse(started.stdout);
  assertEquals((await daemon.run("task", "wait", id)).code, 0);
  assertEquals((await daemon.run("task", "logs", id)).stdout, `${daemon.sandbox.project}\n`);
});

Deno.test("ipc-send takes parameters as JSON, from a file, from stdin, and as key=value", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  writeFileSync(join(daemon.sandbox.project, "params.json"), '{"type": "user.file"}');
  const { stdout, code } = await daemon.sandbox.shell(
    binary,
    `haft ipc-send --subscribe 'user.*' --count 4 > events &
${UNTIL_SUBSCRIBED}
haft ipc-send -q events.publish '{"type":"user.json","data":[1]}'
haft ipc-send -q events.publish @params.json
echo '{"type":"user.stdin"}' | haft ipc-send -q events.publish -
haft ipc-send -q events.publish type=user.pairs data.n=1 data.text=hello data.list='[1,2]'
wait; cat events`,
  );
  assertEquals(code, 0);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ event, data }) => [event, data]), [
    ["user.json", [1]],
    ["user.file", null],
    ["user.stdin", null],
    ["user.pairs", { n: 1, text: "hello", list: [1, 2] }],
  ]);
});

Deno.test("ipc-send ends with the documented codes: 2 usage, 4 the daemon's error, 124 too few events in time", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const rows: [args: string[], code: number, says: string][] = [
    [[], 2, "Which method?"],
    [["daemon.ping", "{"], 2, "not JSON"],
    [["--wire", "xml", "daemon.ping"], 2, 'Unknown wire "xml"'],
    [["no.such"], 4, 'Unknown method "no.such"'],
    [["events.publish", "type=app.x"], 4, 'parameter "type"'],
    [["--subscribe", "user.*", "--count", "1", "--for", "100ms"], 124, ""],
    [["--subscribe", "user.*", "--for", "100ms"], 0, ""],
  ];
  for (const [args, code, says] of rows) {
    const result = await daemon.run("ipc-send", ...args);
    assertEquals([args, result.code], [args, code]);
    assertStringIncludes(result.stderr, says);
  }
});

Deno.test("ipc-send -j answers each request of stdin with its id, in either wire", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  for (const wire of ["ndjson", "u32le"]) {
    const { stdout, code } = await daemon.sandbox.shell(
      binary,
      `for i in $(seq 300); do echo '{"id":"'$i'","method":"daemon.ping"}'; done | haft ipc-send -j --wire ${wire}`,
    );
    const ids = stdout.trim().split("\n").map((line) => JSON.parse(line).id).sort((a, b) => a - b);
    assertEquals([code, ids], [0, Array.from({ length: 300 }, (_, i) => `${i + 1}`)]);
  }
});

Deno.test("ipc-send --subscribe ends quietly when its reader has gone", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { stdout, stderr } = await daemon.sandbox.shell(
    binary,
    `(haft ipc-send --subscribe 'user.*' --for 20s; echo "ended $?" >&2) | head -n 1 &
${UNTIL_SUBSCRIBED}
for i in 1 2 3 4 5 6; do haft ipc-send -q events.publish type=user.x; sleep 0.05; done; wait`,
  );
  assertEquals(stdout.trim().split("\n").length, 1);
  assertEquals(stderr, "ended 0\n");
});

Deno.test("ipc-send --subscribe goes on with the next daemon, and says that its stream is another one", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const pid = await daemon.start();
  const events: { event: string; data: unknown }[] = [];
  let step = Promise.resolve<unknown>(undefined);
  const publish = (data: number) => daemon.run("ipc-send", "events.publish", "type=user.x", `data=${data}`);
  const steps: Record<string, () => Promise<unknown>> = {
    "user.x 1": () => Promise.resolve(process.kill(pid, "SIGKILL")),
    "reset 1": () => publish(2),
    "user.x 2": () => daemon.run("daemon", "restart"),
    "reset 2": () => publish(3),
  };
  let resets = 0;
  const following = daemon.sandbox.run(binary, {
    args: ["ipc-send", "--subscribe", "user.x", "--count", "3"],
    onOutput: ({ stdout }) => {
      const lines = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
      for (const { event, data } of lines.slice(events.length)) {
        events.push({ event, data });
        const name = event === "reset" ? `reset ${++resets}` : `${event} ${data}`;
        step = step.then(() => steps[name]?.());
      }
    },
  });
  const subscribed = async () => {
    const { clients } = await daemon.call("client.list") as { clients: { subscriptions: unknown[] }[] };
    return clients.some(({ subscriptions }) => subscriptions.length > 0);
  };
  while (!await subscribed()) { /* It has not connected yet. */ }
  await publish(1);
  const { code, stderr } = await following;
  await step;
  assertEquals(code, 0, stderr);
  assertEquals(events.map(({ event, data }) => event === "reset" ? event : data), [
    1,
    "reset",
    2,
    "reset",
    3,
  ]);
});

Deno.test("events that a daemon at rest has compressed come back as they were", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  await using client = await DaemonClient.connect({ client: "test", version: "1", socket: daemon.socket });
  const said = Array.from({ length: 1_500 }, (_, n) => `${n} `.repeat(150));
  for (const data of said) await client.request("events.publish", { type: "user.said", data });
  // It looks twice, two seconds apart, whether anything was done.
  await delay(6_000);
  const heard: unknown[] = [];
  const all = Promise.withResolvers<void>();
  client.onEvent(({ event, data }) => {
    if (event === "user.said" && heard.push(data) === said.length) all.resolve();
  });
  const since = { epoch: client.ack.epoch, seq: 0 };
  await client.request("events.subscribe", { types: ["user.*"], since });
  await all.promise;
  assertEquals(heard, said);
});

Deno.test("the daemon describes every method with the schemas that check them", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { methods } = JSON.parse((await daemon.run("ipc-send", "--describe", "events.publish")).stdout);
  const { params, result } = methods["events.publish"];
  assertEquals([params.type, params.required, params.additionalProperties], ["object", ["type"], false]);
  assertEquals(Object.keys(result.properties), ["epoch", "seq"]);
});

Deno.test({
  name: "a line typed into the socket by hand is answered (nc -U)",
  ignore: !hasProgram("python3"),
  fn: async () => {
    await using daemon = await DaemonSandbox.create(binary);
    await daemon.start();
    const byHand = `import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(b'{"type":"request","id":"1","method":"daemon.ping"}\\n')
print(s.makefile().readline(), end="")`;
    const { stdout } = spawnSync("python3", ["-c", byHand, daemon.socket], { encoding: "utf8" });
    assertMatch(
      stdout,
      /^\{"type":"response","id":"1","data":\{"uptime_secs":\d+,"cached_runtimes":0\}\}\n$/,
    );
  },
});

Deno.test("output redirected to a file leaves what is there, and what others write, alone", async () => {
  await using sandbox = await Sandbox.create();
  await sandbox.shell(
    binary,
    "(echo before; haft --version; haft --version & wait; haft --help | head -n 1; echo after) > out",
  );
  const lines = readFileSync(join(sandbox.project, "out"), "utf8").trim().split("\n");
  assertEquals([lines.length, lines[0], lines.at(-1)], [5, "before", "after"]);
  assertEquals(lines.some((line) => line.includes("\0")), false);
});

Deno.test("an older daemon that nobody uses makes way for a newer haft; one in use is served by, with a warning", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  const program = join(daemon.sandbox.root, "haft-copy");
  copyFileSync(binary.argv[0] ?? "", program);
  const upgraded = new DaemonSandbox(daemon.sandbox, { name: "binary", argv: [program] });
  const first = await upgraded.start();
  // A new build in the same place.
  utimesSync(program, 1_700_000_000, 1_700_000_000);
  const { stderr } = await upgraded.run("ipc-send", "--no-spawn", "daemon.ping");
  assertMatch(stderr, /^Warning: the daemon is an older haft/);
  const busy = await daemon.sandbox.shell(
    upgraded.haft,
    `haft ipc-send --no-spawn --subscribe 'daemon.stopping' --count 1 > /dev/null 2>&1 &
     ${UNTIL_SUBSCRIBED} 2>/dev/null
     haft ipc-send daemon.status; haft daemon stop; wait`,
  );
  assertMatch(busy.stderr, /older haft, .* and 1 client use it\n {2}Run "haft daemon restart"/);
  assertEquals(JSON.parse(busy.stdout.split("\n")[0] ?? "").pid, first);
  utimesSync(program, 1_600_000_000, 1_600_000_000);
  await upgraded.start();
  const { build } = await upgraded.call("daemon.status");
  utimesSync(program, 1_500_000_000, 1_500_000_000);
  await upgraded.start();
  assert((await upgraded.call("daemon.status"))["build"] !== build, "the idle daemon was not replaced");
});

Deno.test({
  name:
    "a daemon that is started with a listening socket on descriptor 3 answers there, and leaves its path alone",
  ignore: !hasProgram("python3"),
  fn: async () => {
    await using daemon = await DaemonSandbox.create(binary);
    mkdirSync(join(daemon.socket, ".."), { mode: 0o700 });
    const script = join(daemon.sandbox.root, "activate.py");
    writeFileSync(
      script,
      `import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o600); s.listen()
os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
`,
    );
    const { stdout, stderr } = await daemon.sandbox.shell(
      binary,
      `python3 ${script} ${daemon.socket} ${binary.argv[0]} daemon run 2> said & 
       until grep -q answers said; do sleep 0.02; done
       haft ipc-send --no-spawn daemon.ping; haft daemon stop; wait; ls ${daemon.socket}`,
    );
    assertMatch(stdout, /^\{"uptime_secs":\d+,"cached_runtimes":0\}\n.*daemon\.sock\n$/);
    assertMatch(stderr, /has stopped/);
  },
});

Deno.test("daemon logs -f goes on with what is added, also after the log was rotated, until its reader leaves", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { stdout } = await daemon.sandbox.shell(
    binary,
    `log="$HAFT_HOME/state/daemon.log"
     (sleep 0.3; echo one >> "$log"; sleep 0.3; mv "$log" "$log.1"; echo two > "$log"; sleep 0.2; echo three >> "$log"
      sleep 0.3; echo four >> "$log"; sleep 0.3; echo five >> "$log") &
     haft daemon logs -f -n 1 | head -4 | tail -3; wait`,
  );
  assertEquals(stdout, "one\ntwo\nthree\n");
});

Deno.test("ipc-send -j refuses what is not UTF-8 with a clear error", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  await daemon.start();
  const { stderr, stdout } = await daemon.sandbox.shell(
    binary,
    `printf '\\xff\\xfe\\n' | haft ipc-send -j; echo "code $?"`,
  );
  assertEquals([stdout, stderr], [
    "code 2\n",
    "error: Stdin is not UTF-8\n  Write one JSON request a line\n",
  ]);
});
