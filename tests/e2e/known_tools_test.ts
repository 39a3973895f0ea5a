import { assertEquals } from "@std/assert";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { binary, Sandbox } from "./support.ts";

/** Answers are kept only once the files that they come from have settled. */
const SETTLED_MS = 2_100;
const TOOLS = 8;

/** Tools `tool-0` and so on, in two versions, that print PATH. */
async function manyTools(): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  for (let n = 0; n < TOOLS; n++) {
    for (const version of ["1.0.0", "2.0.0"]) {
      const name = `tool-${n}`;
      await registry.addPackage(
        {
          name,
          version,
          bin: { [name]: "run" },
          dependencies: { inner: "1" },
          bundleDependencies: ["inner"],
        },
        {
          run: { content: '#!/bin/sh\necho "$PATH"\n', mode: 0o755 },
          "node_modules/inner/package.json": '{"name":"inner","version":"1.0.0"}',
        },
      );
    }
  }
  return registry;
}

function manifest(versions: Record<string, string> = {}): string {
  const lines = Array.from({ length: TOOLS }, (_, n) => {
    const name = `npm:tool-${n}`;
    return `"${name}" = "${versions[name] ?? "1.0.0"}"\n`;
  });
  return `[tools]\n${lines.join("")}`;
}

Deno.test("exec in a new directory of a project with many tools knows their places, until one of them changes", async (t) => {
  await using registry = await manyTools();
  await using sandbox = await Sandbox.create({ registry: registry.url });
  const run = (...args: string[]) => sandbox.run(binary, { args });
  const cache = join(sandbox.haftHome, "cache", "exec");
  const store = join(sandbox.haftHome, "store");
  const entries = () => readdirSync(cache).filter((name) => name.endsWith(".tools.json"));
  let places = 0;

  /** What of the store, and of no other place than the leads, an exec in a new directory has on PATH. */
  async function newDirectory(): Promise<string[]> {
    const cwd = join(sandbox.project, `place-${places++}`);
    mkdirSync(cwd);
    const { stdout, stderr } = await sandbox.run(binary, { args: ["exec", "tool-0"], cwd });
    assertEquals(stderr, "");
    const all = stdout.trim().split(":");
    return all.filter((path) => path.startsWith(store) || path === "/remembered");
  }

  /** Leaves an entry that names one directory more, so that an answer tells whether it came from there. */
  async function rememberMarked(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const own = await newDirectory();
    const [name = ""] = entries();
    const entry = JSON.parse(readFileSync(join(cache, name), "utf8"));
    writeFileSync(join(cache, name), JSON.stringify({ ...entry, path: [...entry.path, "/remembered"] }));
    assertEquals(await newDirectory(), [...own, "/remembered"]);
  }

  /** Compares with what is found with nothing remembered. */
  async function isFoundAnew(expected: (version: (n: number) => string) => void): Promise<void> {
    const path = await newDirectory();
    rmSync(cache, { recursive: true });
    assertEquals(path, await newDirectory());
    const words = path.map((one) => one.slice(store.length + 1).split("/"));
    expected((n) => words.find(([name]) => name === `npm+tool-${n}`)?.[1] ?? "none");
  }

  sandbox.manifest(manifest());
  assertEquals((await run("sync")).code, 0);
  await rememberMarked();
  assertEquals(entries().length, 1);

  await t.step("another tool's version", async () => {
    sandbox.manifest(manifest({ "npm:tool-1": "2.0.0" }));
    assertEquals((await run("sync")).code, 0);
    await isFoundAnew((version) => assertEquals([version(0), version(1)], ["1.0.0", "2.0.0"]));
    await rememberMarked();
  });

  await t.step("one's own wishes beside the project's", async () => {
    writeFileSync(join(sandbox.project, "haft.local.toml"), '[tools]\n"npm:tool-2" = "2.0.0"\n');
    assertEquals((await run("sync")).code, 0);
    await isFoundAnew((version) => assertEquals([version(0), version(2)], ["1.0.0", "2.0.0"]));
    await rememberMarked();
  });

  await t.step("another tool's receipt, of the same length", async () => {
    const receipt = join(store, "npm+tool-3", "1.0.0", ".haft", "receipt.json");
    writeFileSync(receipt, readFileSync(receipt, "utf8").replaceAll("1.0.0", "1.0.1"));
    await isFoundAnew((version) => assertEquals([version(0), version(3)], ["1.0.0", "none"]));
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const without = (await run("exec", "tool-0")).stdout;
    assertEquals((await run("exec", "tool-0")).stdout, without);
    writeFileSync(receipt, readFileSync(receipt, "utf8").replaceAll("1.0.1", "1.0.0"));
    const { stdout } = await run("exec", "tool-0");
    assertEquals([without, stdout].map((path) => path.includes("/npm+tool-3/")), [false, true]);
    await rememberMarked();
  });

  await t.step("another tool that is removed", async () => {
    assertEquals((await run("uninstall", "npm:tool-4", "--all")).code, 0);
    await isFoundAnew((version) => assertEquals([version(0), version(4)], ["1.0.0", "none"]));
  });
});
