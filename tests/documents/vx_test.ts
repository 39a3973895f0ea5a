/** RFC 0034's install channel: a parent that knows the document alone drives `haft install`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonSandbox } from "../e2e/daemon_sandbox.ts";
import { fakeTools } from "../e2e/fake_tools.ts";
import { documented } from "../e2e/support.ts";
import { type InstallConfig, type ParentFraming, variants, VxParent } from "./clients/vx_parent.ts";

const CONFIG: InstallConfig = { tool_name: "esbuild", version: "1.0.0", options: {}, download_url: null };

interface Told {
  text?: string;
  framing?: ParentFraming;
  enveloped?: boolean;
  tool?: string;
  /** A path by default. */
  channel?: string;
}

/** Starts `haft install` under a parent that says this, and gives what the parent heard and how it ended. */
async function driven(world: DaemonSandbox, told: Told = {}) {
  const { text = JSON.stringify(CONFIG), framing = "lines", enveloped = false, tool = "esbuild@1.0.0" } =
    told;
  const path = join(world.sandbox.root, "install.sock");
  const parent = await VxParent.listen(path, { text, framing, enveloped });
  const { code, stderr } = await world.run("install", tool, "--ipc-channel", told.channel ?? path);
  return { progress: await parent.heard(), code, stderr };
}

async function world() {
  const registry = await fakeTools();
  const daemon = await DaemonSandbox.create(documented, { registry: registry.url });
  return {
    daemon,
    registry,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]();
      await registry.close();
    },
  };
}

Deno.test("vx: a config of four fields installs, and progress comes as serde writes it, bare or in an envelope, by lines or by length", async () => {
  await using one = await world();
  for (
    const told of [
      { framing: "lines", enveloped: false },
      { framing: "length", enveloped: false },
      { framing: "lines", enveloped: true },
      { framing: "length", enveloped: true },
    ] as const
  ) {
    const text = JSON.stringify(told.enveloped ? { type: "data", data: CONFIG } : CONFIG);
    const { progress, code, stderr } = await driven(one.daemon, { ...told, text });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(progress[0], { Started: { tool: "esbuild", version: "1.0.0" } });
    assertEquals(variants(progress), ["Started", "Downloading", "Extracting", "Completed"]);
    const last = progress.at(-1);
    assert(last !== undefined && "Completed" in last);
    assertEquals(Object.keys(last.Completed), ["tool", "version", "install_path"]);
    assert(existsSync(join(last.Completed.install_path, "bin", "esbuild")));
    for (const one of progress) {
      if (!("Downloading" in one)) continue;
      const { percent, bytes_downloaded, total_bytes } = one.Downloading;
      assert(Number.isInteger(percent) && bytes_downloaded <= total_bytes);
    }
    await one.daemon.run("uninstall", "esbuild@1.0.0");
  }
});

Deno.test("vx: whatever is wrong with a config is answered with Failed", async () => {
  await using one = await world();
  const config = (change: Record<string, unknown>) => JSON.stringify({ ...CONFIG, ...change });
  const rows: [told: Told, says: RegExp][] = [
    [{ text: "{}" }, /tool_name/],
    [{ text: "null" }, /does not understand/],
    [{ text: "[1, 2, 3]" }, /does not understand/],
    [{ text: "this is no JSON" }, /not valid JSON/],
    [{ text: config({ tool_name: 7 }) }, /tool_name/],
    [{ text: config({ version: undefined }) }, /version/],
    [{ text: config({ options: "fast" }) }, /options/],
    [{ text: config({ options: [] }) }, /options/],
    [{ text: config({ options: [1] }) }, /options/],
    [{ text: config({ download_url: "file:///etc/passwd" }) }, /download_url/],
    [{ text: config({ tool_name: "biome" }) }, /"biome@1\.0\.0" instead of "esbuild@1\.0\.0"/],
    [{ text: config({ version: "9.9.9" }), tool: "esbuild@9.9.9" }, /9\.9\.9/],
    [{ text: config({ tool_name: "no-such-tool" }), tool: "no-such-tool@1.0.0" }, /no-such-tool/],
    [{ text: "{}", framing: "length" }, /tool_name/],
  ];
  for (const [told, says] of rows) {
    const { progress, code } = await driven(one.daemon, told);
    const [last] = progress.slice(-1);
    assert(last !== undefined && "Failed" in last, told.text);
    assertMatch(last.Failed.error, says);
    assert(code !== 0);
  }
});

Deno.test("vx: download_url is where the archive is fetched, and its hash decides", async () => {
  await using one = await world();
  const url = archive(one.registry, "1.0.0");
  const right = await driven(one.daemon, { text: JSON.stringify({ ...CONFIG, download_url: url }) });
  assertEquals(variants(right.progress).at(-1), "Completed");
  await one.daemon.run("uninstall", "esbuild@1.0.0");
  const other = archive(one.registry, "1.2.0");
  const wrong = await driven(one.daemon, { text: JSON.stringify({ ...CONFIG, download_url: other }) });
  const [last] = wrong.progress.slice(-1);
  assert(last !== undefined && "Failed" in last);
  assertMatch(last.Failed.error, /Wrong hash/);
});

Deno.test("vx: options take effect, and a postinstall command is heard as PostInstall", async () => {
  await using one = await world();
  const options = {
    exclude_patterns: ["share"],
    postinstall: 'echo "$HAFT_OPTION_MODE" > mode',
    mode: "fast",
  };
  const { progress, stderr } = await driven(one.daemon, { text: JSON.stringify({ ...CONFIG, options }) });
  assertEquals(
    variants(progress),
    ["Started", "Downloading", "Extracting", "PostInstall", "Completed"],
    stderr,
  );
  const last = progress.at(-1);
  assert(last !== undefined && "Completed" in last);
  assertEquals(readFileSync(join(last.Completed.install_path, "mode"), "utf8"), "fast\n");
  assertEquals(existsSync(join(last.Completed.install_path, "share")), false);
});

Deno.test("vx: the channel may be a name, in /tmp as ipckit binds it, and the tool need not name its version", async () => {
  await using one = await world();
  const name = `vx-install-${Deno.pid}-esbuild`;
  const parent = await VxParent.listen(`/tmp/${name}.sock`, {
    text: JSON.stringify(CONFIG),
    framing: "lines",
  });
  const { code, stderr } = await one.daemon.run("install", "esbuild", "--ipc-channel", name);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(variants(await parent.heard()).at(-1), "Completed");
});

/** Where this system's esbuild of a version lies. */
function archive({ url }: { url: string }, version: string): string {
  const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "arm64"}`;
  return `${url}@esbuild/${platform}/-/${platform}-${version}.tgz`;
}
