/** The Python package as it is released: made by one command, installed from an index on loopback. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../../scripts/support/command.ts";
import { projectRoot } from "../../scripts/support/project.ts";

const built = join(projectRoot, "dist", "python");
const BACKEND = "flit_core==3.12.0";
const PROGRAM = `
from haft_ipc import ThreadChannel
left, right = ThreadChannel.pair("installed")
left.send_json({"n": 1})
print(right.receive(5).data)
`;

async function run(argv: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv, { output: "capture", env });
  assertEquals(code, 0, `${argv.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Files of a directory by name, with their hashes. */
function hashes(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).sort().map((name) => [
      name,
      createHash("sha256").update(readFileSync(join(directory, name))).digest("hex"),
    ]),
  );
}

/** A simple index (PEP 503) of the files in some directories. */
function simpleIndex(directories: readonly string[]) {
  const files = new Map(
    directories.flatMap((directory) =>
      readdirSync(directory).map((name) => [name, join(directory, name)] as const)
    ),
  );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const [, kind, name = ""] = new URL(url).pathname.split("/");
    const file = files.get(name);
    if (kind === "files" && file !== undefined) return new Response(readFileSync(file));
    const own = [...files.keys()].filter((one) =>
      one.toLowerCase().replaceAll("_", "-").startsWith(`${name}-`)
    );
    if (kind !== "simple" || own.length === 0) return new Response("none", { status: 404 });
    const links = own.map((one) => `<a href="/files/${one}">${one}</a>`).join("\n");
    return new Response(links, { headers: { "content-type": "text/html" } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/simple/`, close: () => server.shutdown() };
}

const work = mkdtempSync(join(tmpdir(), "haft-python-release-"));
const tools = join(work, "tools");
const ready = await reachable();
if (!ready) console.log("The Python release is not tested: python3 or a package index is missing");

/** Whether this machine has python3, pip, and an index with the build backend and uv. */
async function reachable(): Promise<boolean> {
  try {
    await run(["python3", "-m", "venv", tools]);
    await run([join(tools, "bin", "pip"), "install", "--quiet", "uv"]);
    await run([join(tools, "bin", "pip"), "download", "--quiet", "-d", join(work, "backend"), BACKEND]);
    return true;
  } catch {
    return false;
  }
}

Deno.test({
  name: "deno task release --only python makes wheel and sdist, which pip and uv install from an index",
  ignore: !ready,
  async fn(t) {
    const release = [process.execPath, "run", "-A", "--quiet", join(projectRoot, "scripts", "release.ts")];
    assertMatch(await run([...release, "--only", "python"]), /haft_ipc-\d+\.\d+\.\d+\.tar\.gz/);
    const first = hashes(built);
    assertEquals(Object.keys(first).map((name) => name.replace(/\d+\.\d+\.\d+/, "X")), [
      "haft_ipc-X-py3-none-any.whl",
      "haft_ipc-X.tar.gz",
    ]);
    await run([...release, "--only", "python"]);
    assertEquals(hashes(built), first, "two builds of one commit differ");
    const index = simpleIndex([built, join(work, "backend")]);
    try {
      const uv = join(tools, "bin", "uv");
      const ways: Record<string, (python: string) => string[]> = {
        "pip, wheel": (python) => [python, "-m", "pip", "install", "--index-url", index.url, "haft-ipc"],
        "pip, sdist": (
          python,
        ) => [
          python,
          "-m",
          "pip",
          "install",
          "--index-url",
          index.url,
          "--no-binary",
          "haft-ipc",
          "haft-ipc",
        ],
        "uv, wheel": (
          python,
        ) => [uv, "pip", "install", "--python", python, "--default-index", index.url, "haft-ipc"],
      };
      for (const [name, install] of Object.entries(ways)) {
        await t.step(name, async () => {
          const environment = join(work, name.replaceAll(/\W+/g, "-"));
          await run(["python3", "-m", "venv", environment]);
          const python = join(environment, "bin", "python");
          const env = {
            PIP_CACHE_DIR: join(work, "cache"),
            UV_CACHE_DIR: join(work, "uv"),
            PIP_FIND_LINKS: "",
          };
          await run(install(python), env);
          assertEquals(await run([python, "-c", PROGRAM]), "{'n': 1}\n");
          assert(
            (await run([python, "-c", "import haft_ipc; print(haft_ipc.__file__)"])).startsWith(environment),
          );
        });
      }
    } finally {
      await index.close();
    }
  },
});

globalThis.addEventListener("unload", () => rmSync(work, { recursive: true, force: true }));
