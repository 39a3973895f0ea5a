import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, statfsSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { FAILPOINTS } from "../../../src/tools/install/failpoint.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { ArtifactServer, httpConfig } from "../../support/artifact_server.ts";
import { bundle, findBun, skipBun } from "../../support/bun_runtime.ts";
import { packageTarball } from "../../support/tar_builder.ts";
import { until } from "../../support/until.ts";

const child = new URL("./install_child.ts", import.meta.url);

/** What runs the child, by runtime. Bun runs a bundle, since it does not read deno.json's import map. */
const commands: Record<string, string[]> = {
  Deno: [Deno.execPath(), "run", "-A", "--no-lock", child.pathname],
};
if (!skipBun) {
  const directory = Deno.makeTempDirSync({ prefix: "haft-child-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  commands["Bun"] = [findBun() ?? "", "--no-install", await bundle(child, directory)];
}

const tarball = packageTarball({
  "bin/demo": "#!/bin/sh\necho demo\n",
  "data/noise.bin": randomBytes(60_000),
});

interface Outcome {
  code: number;
  signal: string | null;
  path?: string;
  alreadyInstalled?: boolean;
  error?: string;
  next?: string;
}

interface RunOptions {
  home: string;
  command: readonly string[];
  env?: Record<string, string>;
}

async function install(config: InstallConfig, { home, env = {}, command }: RunOptions): Promise<Outcome> {
  const [file = "", ...args] = command;
  const { code, signal, stdout, stderr } = await new Deno.Command(file, {
    args: [...args, JSON.stringify(config), home],
    env: { NO_PROXY: "127.0.0.1", ...env },
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  if (text === "" && signal === null) throw new Error(new TextDecoder().decode(stderr));
  return { code, signal, ...(text === "" ? {} : JSON.parse(text)) };
}

function storeAt(home: string): Store {
  return new Store(resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home }));
}

async function inTempDir(body: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "haft-process-" });
  try {
    await body(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** The executable works, and its hashes are right. */
async function assertWhole(path: string): Promise<void> {
  const hashes = await new Deno.Command("sha256sum", {
    args: ["-c", "--quiet", ".haft/files.sha256"],
    cwd: path,
  })
    .output();
  assert(hashes.success, new TextDecoder().decode(hashes.stdout));
  const { stdout } = await new Deno.Command(join(path, "bin/demo")).output();
  assertEquals(new TextDecoder().decode(stdout), "demo\n");
}

function staged(home: string): string[] {
  const staging = join(home, "store/.staging");
  return existsSync(staging) ? readdirSync(staging) : [];
}

/** A file system of its own, of the given size. Needs the right to mount, which the gate's machine has. */
async function withTmpfs(
  bytes: number,
  body: (directory: string, remount: () => Promise<void>) => Promise<void>,
) {
  const directory = await Deno.makeTempDir({ prefix: "haft-tmpfs-" });
  const run = async (file: string, args: string[]) => {
    const { success, stderr } = await new Deno.Command(file, { args }).output();
    if (!success) throw new Error(`this test needs to mount a tmpfs: ${new TextDecoder().decode(stderr)}`);
  };
  await run("mount", ["-t", "tmpfs", "-o", `size=${bytes},nr_inodes=1000`, "haft-test", directory]);
  try {
    await body(directory, () => run("mount", ["-o", "remount,ro", directory]));
  } finally {
    await run("umount", [directory]);
    await Deno.remove(directory);
  }
}

for (const [runtime, command] of Object.entries(commands)) {
  Deno.test(`installTool() killed at any step leaves the store as before or as after, and the next run heals (${runtime})`, async (t) => {
    await using server = await ArtifactServer.start({ "demo.tgz": tarball });
    const config = httpConfig({ url: server.url("demo.tgz"), tarball });
    for (const point of FAILPOINTS.filter((point) => point !== "after-aside")) {
      await t.step(point, () =>
        inTempDir(async (home) => {
          const killed = await install(config, { home, command, env: { HAFT_FAILPOINT: point } });
          assertEquals(killed.signal, "SIGKILL");
          const receipt = storeAt(home).receipt("demo", "1.2.3");
          assertEquals(receipt !== undefined, point === "after-rename");
          if (receipt === undefined) assertEquals(existsSync(join(home, "store/demo/1.2.3")), false);

          const healed = await install(config, { home, command });
          assertEquals(healed.code, 0);
          // From the receipt on the staged tree is complete, and is taken up rather than made again.
          const complete = ["after-receipt", "before-rename", "after-rename"].includes(point);
          assertEquals(healed.alreadyInstalled, complete);
          await assertWhole(healed.path ?? "");
          if (point !== "after-rename") assertEquals(staged(home), []);
        }));
    }
  });

  Deno.test(`installTool() with force, killed at any step, leaves the old or the new installation (${runtime})`, async (t) => {
    await using server = await ArtifactServer.start({ "demo.tgz": tarball });
    const config = httpConfig({ url: server.url("demo.tgz"), tarball });
    for (const point of FAILPOINTS) {
      await t.step(point, () =>
        inTempDir(async (home) => {
          assertEquals((await install(config, { home, command })).code, 0);
          const forced = { ...config, force: true };
          assertEquals(
            (await install(forced, { home, command, env: { HAFT_FAILPOINT: point } })).signal,
            "SIGKILL",
          );
          const receipt = storeAt(home).receipt("demo", "1.2.3");
          // The one gap: the old one is away and the new one not yet there. It is missing then, never half.
          if (point === "after-aside") assertEquals(existsSync(join(home, "store/demo/1.2.3")), false);
          else {
            assert(receipt !== undefined);
            await assertWhole(join(home, "store/demo/1.2.3"));
          }
          const plain = await install(config, { home, command });
          assertEquals([plain.code, plain.alreadyInstalled], [0, true]);
          const healed = await install(forced, { home, command });
          assertEquals(healed.code, 0);
          await assertWhole(healed.path ?? "");
          assertEquals(staged(home), []);
        }));
    }
  });

  Deno.test(`installTool() killed in the middle of a download goes on there (${runtime})`, async () => {
    await using server = await ArtifactServer.start({ "demo.tgz": tarball });
    const config = httpConfig({ url: server.url("demo.tgz"), tarball });
    await inTempDir(async (home) => {
      await install(config, { home, command, env: { HAFT_FAILPOINT: "mid-download" } });
      server.requests.length = 0;
      assertEquals((await install(config, { home, command })).code, 0);
      const ranges = server.requests.map(({ range }) => range);
      assert(
        ranges.length === 0 || /^bytes=[1-9][0-9]*-$/.test(ranges[0] ?? ""),
        `asked again for ${ranges}`,
      );
    });
  });

  Deno.test(`installTool() 20 times at once downloads once, and all succeed (${runtime})`, async () => {
    await using server = await ArtifactServer.start({ "demo.tgz": tarball });
    const config = httpConfig({ url: server.url("demo.tgz"), tarball });
    await inTempDir(async (home) => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => install(config, { home, command })),
      );
      assertEquals(outcomes.map(({ code }) => code), Array(20).fill(0));
      assertEquals(outcomes.filter(({ alreadyInstalled }) => alreadyInstalled === false).length, 1);
      assertEquals(server.requests.length, 1);
      assertEquals(staged(home), []);
      await assertWhole(outcomes[0]?.path ?? "");
    });
  });

  Deno.test(`installTool() never removes what a live install has staged (${runtime})`, async () => {
    const slow = packageTarball({ "bin/demo": "#!/bin/sh\necho demo\n" });
    await using server = await ArtifactServer.start({ "slow.tgz": slow, "demo.tgz": tarball });
    await inTempDir(async (home) => {
      server.faults.stallAt = 100;
      const config = { ...httpConfig({ url: server.url("slow.tgz"), tarball: slow }), store_id: "slow" };
      const running = new Deno.Command(command[0] ?? "", {
        args: [...command.slice(1), JSON.stringify(config), home],
        env: { NO_PROXY: "127.0.0.1" },
        stdout: "null",
        stderr: "null",
      }).spawn();
      try {
        await until(() => server.requests.length, "a request comes");
        server.faults.stallAt = undefined;
        const before = staged(home).filter((name) => name.startsWith("slow@"));
        assertEquals(before.length, 1);
        const other = httpConfig({ url: server.url("demo.tgz"), tarball });
        assertEquals((await install(other, { home, command })).code, 0);
        const alive = staged(home).filter((name) => name.startsWith("slow@"));
        assertEquals(alive, before);
      } finally {
        try {
          running.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await running.status;
      }
    });
  });

  Deno.test(`installTool() on a full disk fails with the path and the next step, and leaves the store unchanged (${runtime})`, async (t) => {
    const big = packageTarball({
      "bin/demo": "#!/bin/sh\necho demo\n",
      "data/noise.bin": randomBytes(300_000),
    });
    await using server = await ArtifactServer.start({ "demo.tgz": tarball, "big.tgz": big });
    const KIB_64 = 64 * 1024;
    const small = httpConfig({ url: server.url("demo.tgz"), tarball });
    const config = { ...httpConfig({ url: server.url("big.tgz"), tarball: big }), version: "2.0.0" };
    let failures = 0;
    // From barely the first installation to room for both with the download: each step of 64 KiB ends
    // somewhere else.
    for (let size = 5 * KIB_64; size <= 14 * KIB_64; size += KIB_64) {
      await t.step(`${size / 1024} KiB`, () =>
        withTmpfs(size, async (home) => {
          assertEquals((await install(small, { home, command })).code, 0);
          const outcome = await install(config, { home, command });
          const store = storeAt(home);
          assert(store.receipt("demo", "1.2.3") !== undefined);
          await assertWhole(store.directory("demo", "1.2.3"));
          if (outcome.code === 0) {
            await assertWhole(outcome.path ?? "");
            return;
          }
          failures++;
          assertStringIncludes(outcome.error ?? "", "the disk is full");
          assertStringIncludes(outcome.error ?? "", home);
          assertStringIncludes(outcome.next ?? "", "Free some space");
          assertEquals(store.receipt("demo", "2.0.0"), undefined);
          assertEquals(staged(home), []);
          assert(statfsSync(home).bsize > 0);
        }));
    }
    assert(failures > 0, "no size was too small");
  });

  Deno.test(`installTool() on a read-only store fails with the path and the next step (${runtime})`, async () => {
    await using server = await ArtifactServer.start({ "demo.tgz": tarball });
    const config = httpConfig({ url: server.url("demo.tgz"), tarball });
    await withTmpfs(2 ** 20, async (home, remountReadOnly) => {
      await remountReadOnly();
      const outcome = await install(config, { home, command });
      assertEquals(outcome.code, 1);
      assertStringIncludes(outcome.error ?? "", "the file system is read-only");
      assertStringIncludes(outcome.error ?? "", home);
      assertStringIncludes(outcome.next ?? "", "HAFT_HOME");
    });
  });
}
