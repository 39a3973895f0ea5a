/** Environments with one cache directory, and other directories for the rest. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { binary, type RunResult, Sandbox } from "./support.ts";

/** Without HAFT_HOME, which would be all directories at once. */
const APART: Record<string, string> = { HAFT_HOME: "" };

/** Does something until the cache has a file of that name. */
async function untilKept(
  directory: string,
  { isKept, act }: { isKept: (name: string) => boolean; act: () => Promise<unknown> },
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const names = () => readdirSync(directory, { recursive: true }).map(String);
  for (let tries = 0; !names().some(isKept); tries++) {
    if (tries === 100) throw new Error(`Nothing is remembered in ${directory}`);
    await act();
    await delay(100);
  }
}

Deno.test("exec, shims and sync never take what another environment's store or configuration decided, with one cache", async () => {
  await using registry = await fakeTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const cache = join(sandbox.root, "home", ".cache", "haft");
  const other = { ...APART, XDG_CONFIG_HOME: join(sandbox.root, "config") };
  const run = (args: string[], env: Record<string, string>) => sandbox.run(binary, { args, env });
  const shim = (env: Record<string, string>): Promise<RunResult> => {
    const path = join(sandbox.root, "home", ".local", "share", "haft", "shims", "esbuild");
    return sandbox.run({ ...binary, argv: [path] }, { args: ["x"], env });
  };
  mkdirSync(join(sandbox.root, "config", "haft"), { recursive: true });
  writeFileSync(join(sandbox.root, "config", "haft", "haft.toml"), '[tools]\nesbuild = "1.0.0"\n');
  assertEquals((await run(["sync"], other)).code, 0);
  // The shims are the plain environment's from here on.
  assertEquals((await run(["shims"], APART)).code, 0);

  const execs = [["exec", "esbuild", "x"], ["exec", "--shim", "esbuild", "--", "x"]];
  for (const args of execs) {
    await untilKept(join(cache, args.length === 3 ? "exec" : "shims"), {
      isKept: (name) => name.endsWith(args.length === 3 ? ".json" : ".haft-run-esbuild"),
      act: () => run(args, other),
    });
  }
  for (const ask of [...execs.map((args) => (env: Record<string, string>) => run(args, env)), shim]) {
    assertEquals((await ask(other)).stdout, "esbuild 1.0.0: x|\n");
    const plain = await ask(APART);
    assertEquals([plain.code, plain.stdout], [1, ""]);
    assertStringIncludes(plain.stderr, 'no default for "esbuild"');
    const empty = await ask({ ...other, XDG_DATA_HOME: join(sandbox.root, "empty") });
    assertEquals([empty.code, empty.stdout], [1, ""]);
    assertStringIncludes(empty.stderr, "not installed");
  }
  assertEquals((await run(["sync", "--check"], other)).code, 0);
  assertEquals(
    (await run(["sync", "--check"], { ...other, XDG_DATA_HOME: join(sandbox.root, "no") })).code,
    1,
  );
});

Deno.test("haft run takes no tasks that are trusted in another environment's state, with one cache", async () => {
  await using sandbox = await Sandbox.create();
  const run = (args: string[], env: Record<string, string> = {}) =>
    sandbox.run(binary, { args, env: { ...APART, ...env } });
  sandbox.manifest('[tasks]\nt = "echo it ran"\n');
  assertEquals((await run(["trust"])).code, 0);
  await untilKept(join(sandbox.root, "home", ".cache", "haft", "tasks"), {
    isKept: (name) => name.endsWith(".json"),
    act: () => run(["run", "t"]),
  });
  assertEquals((await run(["run", "t"])).stdout, "it ran\n");
  const other = await run(["run", "t"], { XDG_STATE_HOME: join(sandbox.root, "state") });
  assertEquals([other.code, other.stdout], [1, ""]);
  assertStringIncludes(other.stderr, "is not trusted");
});
