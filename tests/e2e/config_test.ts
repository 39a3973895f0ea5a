/** The user's settings: what is in force, and keys that are not known. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, type RunResult, Sandbox } from "./support.ts";

async function inSandbox(
  use: (world: {
    haft: (...args: string[]) => Promise<RunResult>;
    sandbox: Sandbox;
    config: (text: string) => void;
  }) => Promise<void>,
): Promise<void> {
  await using sandbox = await Sandbox.create();
  const directory = join(sandbox.haftHome, "config");
  mkdirSync(directory, { recursive: true });
  await use({
    sandbox,
    haft: (...args) => sandbox.run(binary, { args }),
    config: (text) => writeFileSync(join(directory, "config.toml"), text),
  });
}

interface Row {
  key: string;
  value: unknown;
  file: string | null;
  default: unknown;
}

Deno.test("haft config lists every setting with its value, where that stands, and its default", () =>
  inSandbox(async ({ haft, sandbox, config }) => {
    const rows = async () => JSON.parse((await haft("config", "--json")).stdout) as Row[];
    const unset = await rows();
    assertEquals(
      unset.filter(({ file, value, default: usual }) => file !== null || value !== usual)
        .filter(({ value }) => typeof value !== "object"),
      [],
    );
    assertEquals(unset.map(({ key }) => key), [...unset.map(({ key }) => key)].sort());
    for (const key of ["settings.jobs", "settings.version_files", "daemon.idle_exit", "daemon.socket"]) {
      assertEquals(unset.some((row) => row.key === key), true, key);
    }
    assertEquals((await haft("config", "get", "jobs")).stdout, "8\n");
    config(
      '[settings]\nstall_timeout = 90\ntrusted_paths = ["/work"]\n[mirrors]\n"https://a/" = "https://b/"\n',
    );
    sandbox.manifest("[settings]\njobs = 2\n");
    assertEquals((await haft("trust")).code, 0);
    const own = join(sandbox.haftHome, "config", "config.toml");
    const set = (await rows()).filter(({ file }) => file !== null);
    assertEquals(set, [
      { key: "mirrors.https://a/", value: "https://b/", file: own, default: null },
      { key: "settings.jobs", value: 2, file: join(sandbox.project, "haft.toml"), default: 8 },
      { key: "settings.stall_timeout", value: 90, file: own, default: 60 },
      { key: "settings.trusted_paths", value: ["/work"], file: own, default: [] },
    ]);
    const { stdout } = await haft("config");
    assertMatch(stdout, /^setting +value +from +default\n/);
    assertMatch(stdout, /^settings\.stall_timeout +90 +\S+config\.toml +60$/m);
    assertMatch(stdout, /^settings\.legacy_env +true +default$/m);
  }));

Deno.test("a key of config.toml that is not known is one warning with its place and the near name, and commands go on", () =>
  inSandbox(async ({ haft, sandbox, config }) => {
    config("colour = true\n[settings]\njbos = 3\nstall_timeout = 90\n[daemon]\nidle_exti = 4\n");
    const path = join(sandbox.haftHome, "config", "config.toml");
    for (
      const args of [["search", "ripgrep"], ["ls"], ["config", "get", "stall_timeout"], ["app", "status"]]
    ) {
      const { code, stderr } = await haft(...args);
      assertEquals([args, code], [args, 0], stderr);
      assertEquals(stderr.split("Warning: ").length - 1, 3, stderr);
      assertStringIncludes(stderr, `Warning: ${path}:3:1: key "settings.jbos" is not known\n`);
      assertStringIncludes(stderr, '  Did you mean "jobs"?\n');
    }
    await haft("daemon", "stop");
    const doctor = JSON.parse((await haft("doctor", "--json")).stdout) as { check: string; state: string }[];
    assertEquals(doctor.filter(({ check }) => check === "settings").map(({ state }) => state), [
      "note",
      "note",
      "note",
    ]);
    assertEquals((await haft("config", "set", "jobs", "3")).code, 0);
    const wrong = await haft("config", "set", "jbs", "3");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, 'Cannot set "settings.jbs": it is not known');
    // A shell's hook and what runs a tool say nothing of it.
    for (const args of [["env", "--shell", "bash"], ["exec", "--", "true"]]) {
      assertEquals((await haft(...args)).stderr, "");
    }
  }));

Deno.test("a key that is not known stays a mistake where it says who may use the machine, or what is installed", () =>
  inSandbox(async ({ haft, config }) => {
    config(
      '[fleet]\nname = "f"\nservers = ["tls://a:1"]\nhost = "h"\ncreds = "/c"\nevnts = { projects = [] }\n',
    );
    const { code, stderr } = await haft("ls");
    assertEquals(code, 2);
    assertStringIncludes(stderr, 'key "fleet.evnts" is not known');
  }));

Deno.test("haft doctor tells a mistake in config.toml once", () =>
  inSandbox(async ({ haft, config }) => {
    config('[settings]\njobs = "many"\n');
    const { code, stdout } = await haft("doctor");
    assertEquals(code, 1);
    assertEquals(stdout.split('key "settings.jobs"').length - 1, 1, stdout);
  }));
