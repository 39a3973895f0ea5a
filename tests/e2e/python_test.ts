import { assertEquals, assertMatch } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, readdirSync } from "node:fs";
import { finished } from "node:stream/promises";
import { join } from "node:path";
import process from "node:process";
import { verdictOn } from "../../scripts/support/frame_verdict.ts";
import { generatedStream } from "../../scripts/support/generated_frames.ts";
import { projectRoot } from "../../scripts/support/project.ts";
import { Random, testSeed } from "../support/random.ts";
import { LocalSocketServer } from "../../src/channel/mod.ts";
import { binary } from "./support.ts";

const FRAMES = 60_000;
const MAX_FRAME_BYTES = 4096;

const missing = reasonToSkip();
if (missing !== undefined) console.log(`The Python client is not tested: ${missing}`);

function reasonToSkip(): string | undefined {
  const { error, status } = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 7))"]);
  if (error !== undefined) return "there is no python3 on PATH";
  return status === 0 ? undefined : "python3 is older than 3.7";
}

/** The Pythons of this machine's pyenv that the package supports: the newest of each minor version. */
function pyenvPythons(): [version: string, path: string][] {
  const root = process.env.PYENV_ROOT ?? join(process.env.HOME ?? "", ".pyenv");
  let versions: string[] = [];
  try {
    versions = readdirSync(join(root, "versions"));
  } catch {
    // There is no pyenv.
  }
  const newest = new Map<number, string>();
  for (const version of versions.sort(new Intl.Collator("en", { numeric: true }).compare)) {
    const minor = Number(/^3\.(\d+)\.\d+$/.exec(version)?.[1]);
    if (minor >= 7) newest.set(minor, version);
  }
  return [...newest.values()].map((version) => [version, join(root, "versions", version, "bin", "python3")]);
}

/** @returns what unittest said; it counts on its last lines */
async function runUnittest(
  args: readonly string[],
  env: Record<string, string>,
  python = "python3",
): Promise<string> {
  const child = spawn(python, ["-W", "ignore::ResourceWarning", "-m", "unittest", ...args], {
    cwd: join(projectRoot, "clients", "python"),
    env: { ...process.env, ...env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const code = await new Promise((resolve) => child.on("close", resolve));
  assertEquals(code, 0, output);
  return output;
}

Deno.test({
  name: "the Python package's own tests pass, against the binary's daemon too",
  ignore: missing !== undefined,
  async fn() {
    const output = await runUnittest(["discover", "-s", "tests", "-t", "."], {
      HAFT_TEST_BINARY: binary.argv[0] ?? "",
    });
    assertMatch(output, /^Ran \d\d+ tests/m);
    console.log(output.trim().split("\n").slice(-3).join(" "));
  },
});

const EVERYWHERE = [
  "message",
  "events",
  "threads",
  "metrics",
  "endpoint",
  "json_text",
  "context",
  "waker",
  "shared_memory",
  "channel",
  // The wheel is one for all; the first test above builds it.
  "package.Package.test_examples_without_a_daemon_run",
];

/** These start a process for each case: the oldest and the newest Python have to do. */
const AT_THE_ENDS = ["backend"];

for (const [at, [version, python]] of pyenvPythons().entries()) {
  Deno.test(`the Python package works with Python ${version}`, async () => {
    const isAtEnd = at === 0 || at === pyenvPythons().length - 1;
    const names = isAtEnd ? [...EVERYWHERE, ...AT_THE_ENDS] : EVERYWHERE;
    const output = await runUnittest(names.map((name) => `tests.test_${name}`), {}, python);
    assertMatch(output, /^Ran \d\d+ tests/m);
  });
}

Deno.test({
  name: `both decoders agree on ${FRAMES} generated streams`,
  ignore: missing !== undefined,
  async fn() {
    const seed = testSeed();
    const random = new Random(seed);
    const path = await Deno.makeTempFile({ prefix: "haft-frames-" });
    try {
      const refusals = new Map<string, number>();
      const file = createWriteStream(path);
      for (let i = 0; i < FRAMES; i++) {
        const bytes = generatedStream(random);
        const options = { maxFrameBytes: MAX_FRAME_BYTES, messages: true };
        const { framing, values, refusal } = verdictOn(bytes, options);
        refusals.set(refusal ?? "accepted", (refusals.get(refusal ?? "accepted") ?? 0) + 1);
        file.write(`${JSON.stringify([bytes.toString("hex"), framing, values, refusal])}\n`);
      }
      file.end();
      await finished(file);
      await runUnittest(["tests.test_vectors.GeneratedFrames"], {
        HAFT_TEST_FRAMES: path,
        HAFT_TEST_FRAME_COUNT: String(FRAMES),
      });
      console.log(`HAFT_TEST_SEED=${seed}:`, Object.fromEntries(refusals));
    } finally {
      await Deno.remove(path);
    }
  },
});

Deno.test({
  name: "a Python backend answers a parent of haft's own channel, and ends with 0 when that closes",
  ignore: missing !== undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "haft-backend-" });
    try {
      const env = { XDG_RUNTIME_DIR: directory };
      await using server = await LocalSocketServer.listen("backend", { env });
      const child = spawn("python3", [join(projectRoot, "clients", "python", "examples", "backend.py")], {
        env: {
          ...process.env,
          ...env,
          HAFT_IPC_CHANNEL: "backend",
          PYTHONPATH: join(projectRoot, "clients", "python", "src"),
          PYTHONDONTWRITEBYTECODE: "1",
        },
        stdio: ["ignore", "pipe", "inherit"],
      });
      let log = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => log += text);
      const ended = new Promise((resolve) => child.on("close", resolve));
      const channel = await server.accept();
      assertEquals(await channel.recv(), { type: "ready", data: { handlers: ["count.down", "greet"] } });
      await channel.send({ type: "request", id: "1", method: "greet", data: { name: "Ada" } });
      assertEquals(await channel.recv(), { type: "response", id: "1", data: { text: "Hello Ada" } });
      await channel.send({ type: "ping", id: "p" });
      assertEquals(await channel.recv(), { type: "pong", id: "p" });
      await channel.send({ type: "request", id: "2", method: "nope" });
      const { error } = await channel.recv();
      assertEquals({ code: error?.code, name: error?.name }, { code: -32601, name: "method_not_found" });
      await channel.close();
      assertEquals(await ended, 0);
      assertEquals(log, "greet was called\n");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
