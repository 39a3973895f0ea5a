import { assertEquals, assertMatch } from "@std/assert";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DaemonSandbox, untilGone } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, hasProgram } from "./support.ts";

interface Finding {
  check: string;
  state: string;
  detail: string;
  fix: string | null;
}

async function doctor(daemon: DaemonSandbox, env: Record<string, string> = {}) {
  const { code, stdout } = await daemon.sandbox.run(binary, { args: ["doctor", "--json"], env });
  const findings: Finding[] = JSON.parse(stdout);
  const of = (check: string) => findings.find((finding) => finding.check === check);
  return { code, findings, of };
}

Deno.test("haft doctor finds nothing wrong with a fresh home, and a synced project", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  assertEquals((await doctor(daemon)).code, 0);
  daemon.sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await doctor(daemon)).of("project")?.fix, 'Run "haft sync"');
  await daemon.run("sync");
  await daemon.start();
  const PATH = `${join(daemon.sandbox.haftHome, "shims")}:/usr/bin:/bin`;
  const { code, findings } = await doctor(daemon, { PATH });
  assertEquals([code, findings.filter(({ state }) => state !== "ok")], [0, []]);
});

Deno.test("an executable that was emptied or removed is installed again by the next sync; doctor sees one that was replaced", async () => {
  await using registry = await fakeTools();
  await using daemon = await DaemonSandbox.create(binary, { registry: registry.url });
  const { sandbox } = daemon;
  sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
  // The second remembers that there is nothing to do.
  for (let times = 0; times < 2; times++) assertEquals((await daemon.run("sync")).code, 0);
  const path = (await daemon.run("which", "esbuild")).stdout.trim();
  const original = readFileSync(path);
  for (const damage of [() => truncateSync(path), () => rmSync(path)]) {
    damage();
    assertEquals((await daemon.run("sync", "--check")).code, 1);
    const found = (await doctor(daemon)).of("project");
    assertEquals([found?.state, found?.fix], ["note", 'Run "haft sync"']);
    assertMatch(
      found?.detail ?? "",
      /not installed: esbuild \(its file "[^"]*esbuild" is missing or empty\)$/,
    );
    const { code, stderr } = await daemon.run("exec", "esbuild");
    assertEquals(code, 1);
    assertMatch(stderr, /missing or empty/);
    const { stdout } = await daemon.run("sync", "--json");
    assertMatch(stdout, /"type":"tool\.installed"/);
    assertEquals(readFileSync(path), original);
  }
  writeFileSync(path, "#!/bin/sh\necho another\n");
  const { code, of } = await doctor(daemon);
  assertEquals([code, of("tools")?.fix], [1, 'Run "haft install esbuild@1.0.0 --force"']);
  assertEquals((await daemon.run("install", "esbuild@1.0.0", "--force")).code, 0);
  assertEquals(readFileSync(path), original);
});

Deno.test("haft doctor names a directory of sockets that is open to others, and a path that is too long", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  mkdirSync(join(daemon.socket, ".."));
  chmodSync(join(daemon.socket, ".."), 0o777);
  const open = await doctor(daemon);
  assertEquals([open.code, open.of("socket")?.state], [1, "fault"]);
  const long = await doctor(daemon, { HAFT_SOCKET: `/tmp/${"x".repeat(200)}/daemon.sock` });
  assertEquals([long.code, long.of("socket")?.detail.includes("too long")], [1, true]);
  chmodSync(join(daemon.socket, ".."), 0o700);
});

Deno.test("haft doctor tells of wrong settings, a wrong manifest, stale shims and a daemon that was killed", async () => {
  await using daemon = await DaemonSandbox.create(binary);
  mkdirSync(join(daemon.sandbox.haftHome, "config"), { recursive: true });
  mkdirSync(join(daemon.sandbox.haftHome, "shims"), { recursive: true });
  writeFileSync(
    join(daemon.sandbox.haftHome, "shims", "gone"),
    "#!/bin/sh\n# haft shim: runs a tool at the version that the directory's project asks for\n",
  );
  const pid = await daemon.start();
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  const killed = await doctor(daemon);
  assertEquals([killed.code, killed.of("daemon")?.detail], [0, "it left its socket behind when it ended"]);
  assertEquals(killed.of("shims")?.fix, 'Run "haft shims"');
  writeFileSync(join(daemon.sandbox.haftHome, "config", "config.toml"), "[settings]\njobs = 'many'\n");
  daemon.sandbox.manifest("[tols]\n");
  const wrong = await doctor(daemon);
  assertEquals([wrong.code, wrong.of("settings")?.state, wrong.of("project")?.state], [1, "fault", "fault"]);
});

Deno.test({
  name: "a full disk is told as that, by the daemon and haft doctor, and counts as no fault of haft's",
  ignore: process.getuid?.() !== 0 || !hasProgram("unshare") || !hasProgram("mount"),
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    const { sandbox } = daemon;
    mkdirSync(sandbox.haftHome, { recursive: true });
    sandbox.manifest('[tasks.t]\nrun = "true"\n');
    const haft = binary.argv.join(" ");
    const script = `mount -t tmpfs -o size=2m none "$HAFT_HOME"
      ${haft} trust > /dev/null
      head -c 9000000 /dev/zero > "$HAFT_HOME/fill" 2> /dev/null
      ${haft} run t 2> /dev/null
      ${haft} task list; ${haft} task start t
      ${haft} doctor; ${haft} daemon stop 2> /dev/null`;
    const { stdout, stderr } = await sandbox.shell(binary, `unshare --mount sh -c '${script}'`);
    assertMatch(stderr, /^error: Cannot write "[^"]*history\.db": no space is left there \(ENOSPC\)$/m);
    assertMatch(stdout, /^✗ store: the disk of "[^"]*" is full$/m);
    assertMatch(stdout, /^✓ daemon: pid /m);
  },
});

Deno.test({
  name: "haft doctor tells of a directory of another user's, whose content haft does not use",
  ignore: process.getuid?.() !== 0,
  async fn() {
    await using daemon = await DaemonSandbox.create(binary);
    const directory = join(daemon.sandbox.haftHome, "cache", "exec");
    mkdirSync(directory, { recursive: true });
    chownSync(directory, 65_534, 65_534);
    const found = (await doctor(daemon)).of("cache");
    assertEquals([found?.state, found?.fix], ["note", "Remove it, and haft makes its own"]);
    assertMatch(found?.detail ?? "", /cache\/exec is another user's, or open to others/);
  },
});
