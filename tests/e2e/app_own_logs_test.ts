/** Logs where the manifest wants them, beside haft's own. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { until } from "../support/until.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

async function project(manifest: string): Promise<DaemonSandbox> {
  const daemon = await DaemonSandbox.create(binary);
  daemon.sandbox.manifest(manifest);
  return daemon;
}

/** Waits until a file holds what is wanted. */
async function content(path: string, isWhole: (text: string) => boolean): Promise<string> {
  const text = () => existsSync(path) ? readFileSync(path, "utf8") : "";
  return await until(text, `${path} is whole`, { passes: isWhole });
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

Deno.test("an app's output goes to the files of its manifest, apart and merged, once it is trusted", async () => {
  await using daemon = await project(`[apps.web]
command = "echo out $HAFT_APP_INSTANCE; echo err $HAFT_APP_INSTANCE >&2; sleep 60"
instances = 2
log = { file = "logs/deep/all.log", stdout = "logs/$HAFT_APP_NAME-$HAFT_APP_INSTANCE.log", stderr = "~/\${ERRORS:-err}.log" }

[apps.api]
command = "printf 'a\\\\r\\\\nb\\\\377\\\\n'; printf half; sleep 60"
log = { stdout = "logs/deep/all.log", file = "logs/api.jsonl", format = "json" }

[apps.plain]
command = "printf 'b\\\\377\\\\r\\\\nend'"
restart = "no"
log = "logs/plain.log"

[apps.stamped]
command = "echo hello; sleep 60"
log = { file = "logs/stamped.log", timestamps = true }
`);
  const { project: root } = daemon.sandbox;
  const home = join(daemon.sandbox.root, "home");
  assertEquals((await daemon.run("app", "start")).code, 1);
  assertEquals(existsSync(join(root, "logs")), false, "nothing is written for a stranger's manifest");
  await daemon.run("trust");
  const started = await daemon.run("app", "start");
  assertEquals(started.code, 0, started.stderr);
  const all = await content(join(root, "logs/deep/all.log"), (text) => lines(text).length === 6);
  assertEquals(
    lines(all).filter((line) => !line.startsWith("{")).sort(),
    ["err 0", "err 1", "out 0", "out 1"],
  );
  assertEquals(readFileSync(join(root, "logs/web-0.log"), "utf8"), "out 0\n");
  assertEquals(readFileSync(join(root, "logs/web-1.log"), "utf8"), "out 1\n");
  assertEquals(
    lines(await content(join(home, "err.log"), (text) => lines(text).length === 2)).sort(),
    ["err 0", "err 1"],
  );
  const json = await content(join(root, "logs/api.jsonl"), (text) => lines(text).length === 2);
  assertEquals(
    lines(json).map((line) => JSON.parse(line)).map((
      { app, instance, stream, line },
    ) => [app, instance, stream, line]),
    [["api", 0, "stdout", "a"], ["api", 0, "stdout", "b\\xff"]],
  );
  // Byte by byte what it wrote; a last line without an end gets one, so that the next run begins its own.
  await content(join(root, "logs/plain.log"), (text) => text.endsWith("end\n"));
  assertEquals(
    [...readFileSync(join(root, "logs/plain.log"))],
    [...new TextEncoder().encode("b"), 0xff, ...new TextEncoder().encode("\r\nend\n")],
  );
  assertMatch(
    await content(join(root, "logs/stamped.log"), (text) => text !== ""),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z hello\n$/,
  );
  const { stdout } = await daemon.run("app", "logs", "web");
  assertEquals(lines(stdout).sort(), ["web:0 ! err 0", "web:0 | out 0", "web:1 ! err 1", "web:1 | out 1"]);
  const [status]: AppStatus[] = JSON.parse((await daemon.run("app", "status", "web", "--json")).stdout);
  assertEquals(status?.instances[1]?.log_files, [
    join(root, "logs/web-1.log"),
    join(root, "logs/deep/all.log"),
    join(home, "err.log"),
  ]);
});

Deno.test("a log file is rotated at max_size, no line of it restarts an app that watches, and one moved away is made anew", async () => {
  await using daemon = await project(`[apps.web]
command = "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; while [ ! -e go ]; do sleep 0.02; done; echo again; sleep 60"
log = { file = "logs/web.log", max_size = "4KiB", keep = 3 }
watch = ["."]
`);
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start")).code, 0);
  const directory = join(daemon.sandbox.project, "logs");
  const path = join(directory, "web.log");
  await content(path, (text) => text.endsWith("\n1999\n"));
  assertEquals(readdirSync(directory).sort(), ["web.log", "web.log.1", "web.log.2"]);
  const kept = ["web.log.2", "web.log.1", "web.log"].map((name) => join(directory, name));
  for (const file of kept) assertEquals(statSync(file).size <= 4096, true, file);
  const numbers = kept.flatMap((file) => lines(readFileSync(file, "utf8"))).map(Number);
  assertEquals(numbers, numbers.map((_, at) => 2_000 - numbers.length + at));
  Deno.renameSync(path, join(directory, "moved"));
  writeFileSync(join(daemon.sandbox.project, "go"), "");
  assertStringIncludes(await content(path, (text) => text !== ""), "again");
  const [status]: AppStatus[] = JSON.parse((await daemon.run("app", "status", "--json")).stdout);
  // The file "go" and the moved one are no logs.
  assertEquals(status?.instances[0]?.restart_reason?.includes("web.log") ?? false, false);
});

Deno.test("a daemon that is killed leaves no line of a log file out, and the next one writes none twice", async () => {
  await using daemon = await project(`[apps.web]
command = "seq 1 3000; for n in 1 2; do while [ ! -e go$n ]; do sleep 0.02; done; seq $((n*3000+1)) $((n*3000+3000)); done; sleep 60"
log = "web.log"
`);
  await daemon.run("trust");
  assertEquals((await daemon.run("app", "start")).code, 0);
  const path = join(daemon.sandbox.project, "web.log");
  for (const round of [1, 2]) {
    await content(path, (text) => text.endsWith(`\n${round * 3_000}\n`));
    const { pid } = JSON.parse((await daemon.run("daemon", "status", "--json")).stdout);
    process.kill(pid, "SIGKILL");
    writeFileSync(join(daemon.sandbox.project, `go${round}`), "");
    await daemon.run("app", "status");
  }
  const text = await content(path, (text) => text.endsWith("\n9000\n"));
  assertEquals(text, Array.from({ length: 9_000 }, (_, at) => `${at + 1}\n`).join(""));
});

Deno.test("a log that cannot be written is said, and an app is not started without it", async () => {
  await using daemon = await project(`[apps.a]
command = "true"
log = "haft.toml/a.log"

[apps.b]
command = "true"
log = { stdout = "/dev/stdout" }

[apps.c]
command = "true"
log = "haft.toml"

[apps.d]
command = "true"
log = "logs/"

[apps.e]
command = "true"
log = "$NO_SUCH_DIRECTORY/e.log"
`);
  await daemon.run("trust");
  const { code, stderr } = await daemon.run("app", "up", "-d");
  assertEquals(code, 1);
  assertStringIncludes(stderr, `Cannot write the log "${join(daemon.sandbox.project, "haft.toml/a.log")}": `);
  for (const path of ["/dev/stdout", "haft.toml", "logs/"]) {
    assertStringIncludes(stderr, `"${path}" is no file for a log`);
  }
  assertStringIncludes(stderr, 'Variable "NO_SUCH_DIRECTORY" is not set');
});
