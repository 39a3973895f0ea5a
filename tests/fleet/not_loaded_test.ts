/** Without `[fleet]`, nothing of NATS is loaded. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { createUserKey } from "../../src/fleet/nkey.ts";
import { type Haft, Sandbox } from "../e2e/support.ts";
import { until } from "../support/until.ts";

/** haft's sources, in which every NATS library is a module without what they import from it. */
function haftWithoutNats(directory: string): Haft {
  const trap = join(directory, "trap.js");
  writeFileSync(trap, "export {};\n");
  const { imports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8"));
  const trapped = Object.entries<string>(imports).map(([name, place]) => [
    name,
    name.startsWith("@nats-io/") ? `file://${trap}` : place,
  ]);
  const map = join(directory, "imports.json");
  writeFileSync(map, JSON.stringify({ imports: Object.fromEntries(trapped) }));
  const flags = ["-A", "--quiet", "--no-lock", "--no-check", `--import-map=${map}`];
  return { name: "deno", argv: [process.execPath, "run", ...flags, join(projectRoot, "main.ts")] };
}

Deno.test("a daemon and commands without [fleet] load nothing of NATS; with it, they do", async () => {
  await using sandbox = await Sandbox.create();
  const haft = haftWithoutNats(sandbox.root);
  const socket = join(sandbox.root, "own.sock");
  sandbox.manifest('[apps.web]\ncommand = ["sleep", "1000"]\n[tasks.t]\nrun = "true"\n');
  const [file = "", ...args] = [...haft.argv, "daemon", "run", "--socket", socket];
  const daemon = spawn(file, args, { cwd: sandbox.project, env: sandbox.environment(), stdio: "ignore" });
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  await using _ = { [Symbol.asyncDispose]: async () => void (daemon.kill("SIGKILL"), await ended) };
  const run = (...words: string[]) =>
    sandbox.run(haft, { args: words, env: { HAFT_SOCKET: socket, HAFT_DEBUG: "1" } });
  await until(() => existsSync(socket), "the daemon listens");
  const good = async (...words: string[]) => {
    const { code, stderr } = await run(...words);
    assertEquals(code, 0, `haft ${words.join(" ")}: ${stderr}`);
  };
  await good("trust");
  await Promise.all([
    good("app", "start", "web"),
    good("run", "t"),
    good("fleet", "status"),
    good("ipc-send", "--subscribe", "user.*", "--for", "200ms"),
  ]);
  await good("app", "delete", "web");
  const config = join(sandbox.haftHome, "config");
  mkdirSync(config, { recursive: true });
  const creds = join(sandbox.root, "creds");
  writeFileSync(creds, createUserKey().seed, { mode: 0o600 });
  writeFileSync(
    join(config, "config.toml"),
    `[fleet]\nname = "lab"\nhost = "web1"\nservers = ["nats://127.0.0.1:9"]\ncreds = "${creds}"\n`,
  );
  for (const words of [["fleet", "ls"], ["ipc-send", "fleet.reload"]]) {
    const { stdout, stderr } = await run(...words);
    assertStringIncludes(stdout + stderr, "@nats-io/");
  }
  await run("daemon", "stop");
  await ended;
});
