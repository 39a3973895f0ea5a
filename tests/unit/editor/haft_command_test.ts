import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemonSockets } from "../../../clients/vscode/src/model/find_daemon.ts";
import {
  failureOf,
  findHaft,
  HaftFailed,
  HaftMissing,
  runHaft,
} from "../../../clients/vscode/src/model/haft_command.ts";

function program(directory: string, text: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "haft");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

Deno.test("findHaft() takes the setting, else PATH, else the installer's place, else the daemon's, and names what it looked for", async () => {
  const home = await Deno.makeTempDir();
  try {
    const nothing = { env: { PATH: join(home, "none") }, home };
    assertStringIncludes(
      assertThrows(() => findHaft("", nothing), HaftMissing).message,
      join(home, ".local", "bin"),
    );
    // The daemon's own where nothing else is: haft, and not a runtime that runs its sources.
    const ofDaemon = program(join(home, "daemon"), "");
    assertEquals(findHaft("", { ...nothing, ofDaemon }), ofDaemon);
    assertThrows(() => findHaft("", { ...nothing, ofDaemon: "/bin/sh" }), HaftMissing);
    const installed = program(join(home, ".local", "bin"), "");
    assertEquals(findHaft("", { ...nothing, ofDaemon }), installed);
    const onPath = program(join(home, "bin"), "");
    assertEquals(findHaft("", { env: { PATH: `relative:${join(home, "bin")}` }, home }), onPath);
    assertEquals(findHaft("~/bin/haft", nothing), onPath);
    assertStringIncludes(
      assertThrows(() => findHaft("/no/such/haft", nothing), HaftMissing).message,
      "/no/such/haft",
    );
    assertThrows(() => findHaft("bin/haft", nothing), HaftMissing);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("runHaft() uses no shell, whatever a manifest calls its tools", async () => {
  const home = await Deno.makeTempDir();
  try {
    const path = program(home, 'printf "%s|" "$@"');
    const crafted = `x; touch ${join(home, "owned")} $(touch ${join(home, "owned")})`;
    assertEquals(await runHaft(path, ["use", "--", crafted], { cwd: home, env: {} }), `use|--|${crafted}|`);
    assertEquals(existsSync(join(home, "owned")), false);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("runHaft() fails with haft's own words, and names a path that cannot be run", async () => {
  const home = await Deno.makeTempDir();
  try {
    const path = program(home, "echo 'error: No version 9' >&2; echo '  Run \"haft ls-remote\"' >&2; exit 1");
    const failed = await assertRejects(() => runHaft(path, [], { cwd: home, env: {} }), HaftFailed);
    assertEquals([failed.message, failed.next], ["No version 9", 'Run "haft ls-remote"']);
    const gone = join(home, "gone");
    const missing = await assertRejects(() => runHaft(gone, [], { cwd: home, env: {} }), HaftMissing);
    assertStringIncludes(missing.message, gone);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("failureOf() takes the last error, and all of it where there is none", () => {
  const { message, next } = failureOf("Warning: x\nerror: first\nerror: second\n  do this\n  or that\n", "");
  assertEquals([message, next], ["second", "do this\nor that"]);
  assertEquals(failureOf("Segmentation fault\n", "").message, "Segmentation fault");
  assertEquals(failureOf("", "it failed").message, "it failed");
});

Deno.test("daemonSockets() asks where the command line asks: setting, HAFT_SOCKET, the record, the usual place", async () => {
  const home = await Deno.makeTempDir();
  try {
    const env = { HOME: home, XDG_RUNTIME_DIR: join(home, "run"), HAFT_HOME: join(home, "haft") };
    const usual = join(home, "run", "haft", "daemon.sock");
    assertEquals(daemonSockets("", env), [usual]);
    mkdirSync(join(home, "haft", "state"), { recursive: true });
    const record = join(home, "haft", "state", "daemon.json");
    writeFileSync(record, JSON.stringify({ pid: 1, socket: "/elsewhere/d.sock" }));
    assertEquals(daemonSockets("", env), ["/elsewhere/d.sock", usual]);
    writeFileSync(record, "{ half");
    assertEquals(daemonSockets("", env), [usual]);
    assertEquals(daemonSockets("", { ...env, HAFT_SOCKET: "/named.sock" }), ["/named.sock"]);
    assertEquals(daemonSockets("/set.sock", { ...env, HAFT_SOCKET: "/named.sock" }), ["/set.sock"]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
