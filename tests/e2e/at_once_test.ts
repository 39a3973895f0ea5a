import { delay } from "@std/async/delay";
import { assert, assertEquals } from "@std/assert";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, crashingBinary, Sandbox } from "./support.ts";

/** A test build dies where it loads what the short ways do without. */
const SHORT_ONLY = { HAFT_FAILPOINT: "core-loaded" };
const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "haft --version, a remembered exec and a sync with nothing to do load none of haft's core",
  ignore,
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    const run = (args: string[], env: Record<string, string> = {}) =>
      sandbox.run(crashingBinary, { args, env });
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    assertEquals((await run(["ls"], SHORT_ONLY)).signal, "SIGKILL");
    for (const word of ["--version", "-V", "version"]) {
      assertEquals(await run([word], SHORT_ONLY), await run([word, "--color=never"]));
    }
    assertEquals((await run(["sync"])).code, 0);
    const flags = [[], ["--check"], ["--locked"], ["--offline", "-q"]];
    for (const args of [["exec", "esbuild", "--", "a b"], ...flags.map((some) => ["sync", ...some])]) {
      const usual = await run(args);
      let short = await run(args, SHORT_ONLY);
      // What changed in the last two seconds is not remembered.
      for (let tries = 0; short.signal === "SIGKILL"; tries++) {
        assert(tries < 60, `${args.join(" ")} takes no short way`);
        await delay(500);
        await run(args[0] === "sync" ? ["sync"] : args);
        short = await run(args, SHORT_ONLY);
      }
      assertEquals({ args, ...short }, { args, ...usual });
    }

    const onTerminal = (columns: number, env: Record<string, string>) =>
      sandbox.terminal(crashingBinary, { args: ["sync"], columns, env });
    for (const [columns, env] of [[80, {}], [40, {}], [80, { NO_COLOR: "1" }]] as const) {
      assertEquals((await onTerminal(columns, { ...env, ...SHORT_ONLY })).code, 128 + 9, `${columns}`);
      const usual = await onTerminal(columns, env);
      assertEquals(usual.code, 0);
      const { code, stdout } = await onTerminal(columns, { ...env, ...SHORT_ONLY });
      assertEquals([code, stdout.includes("1.2.0"), stdout.includes("\x1b[")], [
        0,
        true,
        !("NO_COLOR" in env),
      ]);
      assertEquals(stdout, usual.stdout.split("\r\n").slice(-stdout.split("\r\n").length).join("\r\n"));
    }

    const shim = join(sandbox.haftHome, "shims", "esbuild");
    writeFileSync(shim, "");
    assertEquals((await run(["sync"], SHORT_ONLY)).signal, "SIGKILL");
    rmSync(shim);
    assertEquals((await run(["sync"])).code, 0);
    sandbox.manifest('[tools]\nesbuild = "1.0.0"\n');
    for (const args of [["sync"], ["exec", "esbuild"]]) {
      assertEquals((await run(args, SHORT_ONLY)).signal, "SIGKILL");
    }
    assert((await run(["sync"])).stdout.includes("1.0.0"));
  },
});

Deno.test({
  name: "haft ipc-send of a method that reads loads none of haft's core",
  ignore,
  async fn() {
    await using daemon = await DaemonSandbox.create(crashingBinary);
    await daemon.start();
    const { code, stdout } = await daemon.sandbox.run(crashingBinary, {
      args: ["ipc-send", "daemon.ping"],
      env: SHORT_ONLY,
    });
    assertEquals(code, 0, stdout);
  },
});

Deno.test("haft --version says what is wrong with its home and with stdout", async () => {
  await using sandbox = await Sandbox.create();
  const home = sandbox.haftHome;
  const places = [
    ["HAFT_HOME", { HAFT_HOME: "here" }],
    ["HOME", { HAFT_HOME: "", XDG_DATA_HOME: home, HOME: "here" }],
    ["HOME", { HAFT_HOME: "", XDG_DATA_HOME: "", HOME: "here" }],
  ] as const;
  for (const [name, env] of places) {
    const { code, stderr } = await sandbox.run(binary, { args: ["--version"], env });
    assertEquals(code, 2, JSON.stringify(env));
    assert(stderr.includes(`${name} is a relative path, "here"`), stderr);
  }
  if (Deno.build.os !== "linux") return;
  const full = openSync("/dev/full", "w");
  try {
    const { status, stderr } = spawnSync(binary.argv[0] ?? "", ["--version"], {
      env: sandbox.environment(),
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    assertEquals(status, 1);
    assert(stderr.includes("Cannot write to stdout"), stderr);
  } finally {
    closeSync(full);
  }
});
