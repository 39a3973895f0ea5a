import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pythonIndex } from "../../src/tools/registry/pip_config.ts";
import { binary, hasProgram, type RunResult, Sandbox } from "./support.ts";

/**
 * Applications in Python come from the index that this machine's pip is configured for: what uv makes of them
 * is what is tested, and no loopback index has uv.
 */
const user = { env: process.env, home: homedir(), platform: process.platform };
const reachable = hasProgram("python3") && await canConnect(new URL((await pythonIndex(user)).url));

function canConnect({ hostname, port, protocol }: URL): Promise<boolean> {
  const proxy = process.env["https_proxy"] ?? process.env["HTTPS_PROXY"];
  const via = proxy === undefined || proxy === "" ? undefined : new URL(proxy);
  return new Promise((resolve) => {
    const socket = connect({
      host: via?.hostname ?? hostname,
      port: Number(via?.port ?? port) || (protocol === "http:" ? 80 : 443),
    });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(10_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

/** What reaches the index from here. */
const network = Object.fromEntries(
  ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "PATH"]
    .flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
);

Deno.test({
  name:
    "a Python application: an environment of its own, its tree locked beside haft.lock, and a stranger's additions refused",
  ignore: !reachable,
  fn: async () => {
    await using sandbox = await Sandbox.create();
    const haft = (...args: string[]): Promise<RunResult> => sandbox.run(binary, { args, env: network });
    sandbox.manifest('[tools]\nyamllint = "1.35"\n');
    const sync = await haft("sync");
    assertEquals(sync.code, 0, sync.stderr);
    assertEquals(sandbox.leftovers(), []);
    assertEquals((await haft("x", "yamllint", "--version")).stdout, "yamllint 1.35.1\n");
    const text = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
    assertStringIncludes(text, 'kind = "python"');
    const tree = join(sandbox.project, "haft.lock.d", "yamllint.requirements.txt");
    const locked = readFileSync(tree, "utf8");
    assertStringIncludes(locked, "\npyyaml==");

    // Neither python nor the commands of dependencies come before the user's own.
    const { stdout: path } = await haft("env", "--json");
    const [directory = ""] = JSON.parse(path).path;
    assertEquals(readdirSync(directory), ["yamllint"]);

    // Another machine: the same lock, nothing changes.
    rmSync(join(sandbox.haftHome, "store", "yamllint"), { recursive: true });
    assertEquals((await haft("sync", "--locked")).code, 0);
    assertEquals(readFileSync(tree, "utf8"), locked);
    assertEquals((await haft("sync", "--check")).code, 0);

    rmSync(join(sandbox.haftHome, "store", "yamllint"), { recursive: true });
    const stranger = join(sandbox.root, "stranger");
    mkdirSync(join(stranger, "haft.lock.d"), { recursive: true });
    for (const name of ["haft.toml", "haft.lock"]) {
      writeFileSync(join(stranger, name), readFileSync(join(sandbox.project, name)));
    }
    const extra =
      "six==1.16.0 \\\n    --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n";
    writeFileSync(join(stranger, "haft.lock.d", "yamllint.requirements.txt"), locked + extra);
    const refused = await sandbox.run(binary, { args: ["sync", "--locked"], cwd: stranger, env: network });
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, '"six", which nothing of it asks for');
    assertEquals(existsSync(join(sandbox.haftHome, "store", "yamllint")), false);
    assertEquals(sandbox.leftovers(), []);
  },
});
