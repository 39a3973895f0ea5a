import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "node:net";
import { homedir } from "node:os";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { loadNpmConfig } from "../../src/tools/registry/npm_config.ts";
import { binary, Sandbox } from "./support.ts";

/**
 * The one thing that no loopback registry proves: that a real tool comes from the real registry and runs.
 * Without network it says so and passes, but only when a plain connection to the same registry fails, too.
 */
const ESBUILD = "0.28.2";

Deno.test("sync installs esbuild from the configured registry, and it compiles TypeScript", async () => {
  await using sandbox = await Sandbox.create();
  sandbox.manifest(`[tools]\nesbuild = "${ESBUILD}"\n`);
  const sync = await sandbox.run(binary, { args: ["sync"] });
  if (sync.code !== 0) {
    const reason = await whyUnreachable();
    assert(reason !== undefined, `The registry can be reached, and yet sync failed:\n${sync.stderr}`);
    console.log(`NO NETWORK: ${reason}; the install from the real registry was not tested`);
    return;
  }
  assertEquals(sandbox.installed(), [`esbuild/${ESBUILD}`]);
  assertEquals(sandbox.leftovers(), []);

  await Deno.writeTextFile(
    `${sandbox.project}/answer.ts`,
    "const answer: number = 42;\nconsole.log(answer);\n",
  );
  const exec = await sandbox.run(binary, { args: ["exec", "esbuild", "--", "answer.ts"] });
  assertEquals({ code: exec.code, stdout: exec.stdout, stderr: exec.stderr }, {
    code: 0,
    stdout: "const answer = 42;\nconsole.log(answer);\n",
    stderr: "",
  });

  const lock = await Deno.readTextFile(`${sandbox.project}/haft.lock`);
  for (const platform of ["linux-x64-glibc", "linux-arm64-musl", "darwin-arm64", "win32-x64"]) {
    assertStringIncludes(lock, `${platform} = [{ npm = "@esbuild/`);
  }
});

/**
 * Why the configured registry cannot be reached by a bare TCP connection (to the proxy, where one is set);
 * undefined when it can.
 */
function whyUnreachable(): Promise<string | undefined> {
  const registry = loadNpmConfig({ env: process.env, projectDir: projectRoot, home: homedir() })
    .registryFor("esbuild");
  const proxy = process.env["https_proxy"] ?? process.env["HTTPS_PROXY"];
  const { hostname, port, protocol } = new URL(proxy || registry);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) || (protocol === "http:" ? 80 : 443) });
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
    socket.on("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on(
      "error",
      (error: Error) => resolve(`cannot connect to the configured registry (${error.message})`),
    );
  });
}
