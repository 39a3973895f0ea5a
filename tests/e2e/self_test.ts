/** `haft self`, with two builds that differ in their version, and a server of releases on loopback. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { build } from "../../scripts/build.ts";
import { ReleaseServer, testSigningKey } from "../support/release_server.ts";
import { binary, type Haft, Sandbox } from "./support.ts";

const ignore = process.platform !== "linux";
const target = `linux-${process.arch}`;
const release = { url: "http://releases.invalid", publicKey: testSigningKey().publicKey };
const OLD = "0.9.0";
const NEW = "0.9.1";

let made: Promise<{ old: string; fresh: string }> | undefined;

function builds(): Promise<{ old: string; fresh: string }> {
  return made ??= (async () => {
    const old = await build({ version: OLD, release });
    const fresh = await build({ version: NEW, release });
    return { old: old.path, fresh: fresh.path };
  })();
}

/** A stand-in for the new haft where what it does is of no matter: it says its version. */
const small = [{ path: "haft", content: `#!/bin/sh\necho "haft ${NEW}"\n`, executable: true }];

/** A sandbox with the old haft in a directory of its own, and a server that has the new one. */
class Installed implements AsyncDisposable {
  private constructor(
    readonly sandbox: Sandbox,
    readonly server: ReleaseServer,
    readonly haft: Haft,
    readonly archive: string,
  ) {}

  /** @param real publish a whole build instead of a stand-in */
  static async create({ at = "bin/haft", real = false } = {}): Promise<Installed> {
    const { old, fresh } = await builds();
    const sandbox = await Sandbox.create();
    const server = await ReleaseServer.start();
    const content = real ? readFileSync(fresh) : "";
    const files = real ? [{ path: "haft", content, executable: true }] : small;
    const archive = await server.publish(NEW, { target, files });
    const path = join(sandbox.root, at);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(old, path);
    return new Installed(sandbox, server, { name: "binary", argv: [path] }, archive);
  }

  get directory(): string {
    return dirname(this.haft.argv[0] ?? "");
  }

  async run(...args: string[]) {
    return await this.sandbox.run(this.haft, { args, env: { HAFT_MIRROR: this.server.url } });
  }

  async version(): Promise<string> {
    return (await this.run("--version")).stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("daemon", "stop");
    await this.server[Symbol.asyncDispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "haft self update replaces the executable, haft self rollback goes back, and forth again",
  ignore,
  fn: async () => {
    await using installed = await Installed.create({ real: true });
    const check = await installed.run("self", "update", "--check");
    assertEquals([check.code, check.stdout], [1, `haft ${NEW} is available, this is ${OLD}\n`], check.stderr);

    // This server cannot go on in the middle of a file: it is begun anew.
    installed.server.breaksOnce = installed.archive;
    const update = await installed.run("self", "update");
    assertEquals(update.code, 0, update.stderr);
    assertEquals(installed.server.breaksOnce, undefined);
    assertStringIncludes(update.stdout, `Updated haft ${OLD} to ${NEW}`);
    assertEquals(await installed.version(), `haft ${NEW}`);
    assertEquals(readdirSync(installed.directory), ["haft"]);

    const again = await installed.run("self", "update", "--json");
    assertEquals(JSON.parse(again.stdout), { version: NEW, available: NEW, updated: false });

    for (const expected of [OLD, NEW]) {
      const back = await installed.run("self", "rollback");
      assertEquals(back.code, 0, back.stderr);
      assertEquals(await installed.version(), `haft ${expected}`);
    }
  },
});

const faults: [name: string, damage: (installed: Installed) => Promise<void>, message: RegExp][] = [
  [
    "a signature by another key",
    async ({ server }) => {
      await server.publish(NEW, { target, files: [], key: testSigningKey(8) });
    },
    /signature .* is wrong: It was made with key 0808080808080808, the release key is 0707070707070707/,
  ],
  [
    "a forged signature under the right key's id",
    async ({ server }) => {
      const forger = { ...testSigningKey(8), id: testSigningKey().id };
      await server.publish(NEW, { target, files: [], key: forger });
    },
    /signature .* is wrong: It does not belong to this content/,
  ],
  [
    "changed checksums",
    async ({ server }) => {
      await Promise.resolve();
      const path = "/latest/SHA256SUMS";
      server.files.set(path, String(server.files.get(path)).replace(/^./, "0").replace(/^.(.)/, "0$1 "));
    },
    /signature .* is wrong/,
  ],
  [
    "a changed archive",
    async ({ server, archive }) => {
      await Promise.resolve();
      const bytes = new Uint8Array(server.files.get(archive) as Uint8Array);
      bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
      server.files.set(archive, bytes);
    },
    /integrity|SHA-?256|hash/i,
  ],
  [
    "an executable that does not start",
    async ({ server }) => {
      const content = "#!/bin/sh\nexit 3\n";
      await server.publish(NEW, { target, files: [{ path: "haft", content, executable: true }] });
    },
    /The new executable does not start here/,
  ],
  [
    "no archive for this platform",
    async ({ server }) => {
      await server.publish(NEW, { target: "plan9-x64", files: [] });
    },
    /has no haft-0\.9\.1-linux/,
  ],
];

for (const [name, damage, message] of faults) {
  Deno.test({
    name: `haft self update changes nothing on ${name}`,
    ignore,
    fn: async () => {
      await using installed = await Installed.create();
      await damage(installed);
      const { code, stderr } = await installed.run("self", "update");
      assert(code !== 0 && code !== null, stderr);
      assertMatch(stderr, message);
      assertEquals(await installed.version(), `haft ${OLD}`);
      assertEquals(readdirSync(installed.directory), ["haft"]);
    },
  });
}

Deno.test({
  name: "haft self update takes an older version only when it is named, and that version alone",
  ignore,
  fn: async () => {
    await using installed = await Installed.create();
    const files = [{ path: "haft", content: '#!/bin/sh\necho "haft 0.8.0"\n', executable: true }];
    await installed.server.publish("0.8.0", { target, files });
    const newest = await installed.run("self", "update");
    assertEquals([newest.code, newest.stdout], [0, `haft ${OLD} is the newest release\n`]);
    const missing = await installed.run("self", "update", "--version", "0.7.0");
    assertMatch(missing.stderr, /v0\.7\.0\/SHA256SUMS answers 404/);
    // A mirror that passes 0.8.0 off as 0.7.0.
    for (const file of ["SHA256SUMS", "SHA256SUMS.minisig"]) {
      installed.server.files.set(`/v0.7.0/${file}`, installed.server.files.get(`/v0.8.0/${file}`) ?? "");
    }
    const lying = await installed.run("self", "update", "--version", "0.7.0");
    assertStringIncludes(lying.stderr, 'was signed as "haft 0.8.0 SHA256SUMS"');
    const older = await installed.run("self", "update", "--version", "0.8.0");
    assertEquals(older.code, 0, older.stderr);
    assertEquals(await installed.version(), "haft 0.8.0");
  },
});

const owned: [name: string, at: string, command: string][] = [
  ["npm", "lib/node_modules/@haft/linux-x64/haft", "npm install -g haft@latest"],
  ["Homebrew", "Cellar/haft/0.9.0/bin/haft", "brew upgrade haft"],
];

for (const [name, at, command] of owned) {
  Deno.test({
    name: `haft self update leaves an executable of ${name} alone and names its command`,
    ignore,
    fn: async () => {
      await using installed = await Installed.create({ at });
      const { code, stderr } = await installed.run("self", "update");
      assertEquals(code, 1);
      assertStringIncludes(stderr, `Run "${command}" instead`);
      assertEquals(await installed.version(), `haft ${OLD}`);
    },
  });
}

Deno.test({
  name: "haft self update names the command of a packager's mark",
  ignore,
  fn: async () => {
    await using installed = await Installed.create();
    writeFileSync(join(installed.directory, "haft.managed-by"), "dnf upgrade haft\ndnf remove haft\n");
    const { stderr } = await installed.run("self", "update");
    assertStringIncludes(stderr, 'Run "dnf upgrade haft" instead');
  },
});

Deno.test("haft self update of a build from a checkout says that it knows no release", async () => {
  await using sandbox = await Sandbox.create();
  const { code, stderr } = await sandbox.run(binary, { args: ["self", "update"] });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "built from a checkout, so it knows no release to update from");
});

Deno.test({
  name: "haft self update hands 20 apps and 5 tasks over to the new daemon, and nothing of them ends",
  ignore,
  fn: async () => {
    await using installed = await Installed.create({ real: true });
    const { sandbox } = installed;
    const apps = Array.from({ length: 20 }, (_, index) => `[apps.a${index}]\ncommand = ["sleep", "600"]\n`);
    const tasks = Array.from(
      { length: 5 },
      (_, index) =>
        `[tasks.t${index}]\nrun = ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done; exit ${index}"]\n`,
    );
    sandbox.manifest([...apps, ...tasks, "[settings]\njobs = 8\n"].join(""));
    const trust = await installed.run("trust");
    assertEquals(trust.code, 0, trust.stderr);
    const started = await installed.run("app", "up", "--detach");
    assertEquals(started.code, 0, started.stderr);
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const { stdout, stderr } = await installed.run("task", "start", `t${index}`, "--json");
      ids.push(JSON.parse(stdout).task_id ?? JSON.parse(stdout).id);
      assert(ids.at(-1) !== undefined, stdout + stderr);
    }
    const pids = async () => {
      const { stdout } = await installed.run("app", "status", "--json");
      return stdout.match(/"pid": ?\d+/g);
    };
    const before = await pids();
    assertEquals(before?.length, 20);
    const daemonBefore = JSON.parse((await installed.run("daemon", "status", "--json")).stdout);

    const update = await installed.run("self", "update");
    assertEquals(update.code, 0, update.stderr);
    assertStringIncludes(update.stderr, "The daemon is replaced, too");

    const daemonAfter = JSON.parse((await installed.run("daemon", "status", "--json")).stdout);
    assertEquals([daemonBefore.version, daemonAfter.version], [OLD, NEW]);
    assertEquals(await pids(), before);
    for (const id of ids) {
      const { stdout } = await installed.run("task", "status", id, "--json");
      assertMatch(JSON.parse(stdout).task.state, /^(running|queued)$/);
    }
    writeFileSync(join(sandbox.project, "go"), "");
  },
});

Deno.test({
  name: "haft self uninstall shows what it removes, asks, removes it, and leaves projects alone",
  ignore,
  fn: async () => {
    await using installed = await Installed.create();
    const { sandbox } = installed;
    sandbox.manifest("[tools]\n");
    mkdirSync(join(sandbox.haftHome, "store", "x", "1.0.0"), { recursive: true });
    writeFileSync(join(sandbox.haftHome, "store", "x", "1.0.0", "file"), "x".repeat(2_000_000));
    writeFileSync(join(sandbox.root, "home", ".bashrc"), 'eval "$(haft activate bash)"\n');
    assertEquals((await installed.run("daemon", "start")).code, 0);

    const show = await installed.run("self", "uninstall", "--dry-run");
    assertMatch(show.stdout, /2\.0 MB.*tools and shims/);
    assertStringIncludes(show.stdout, join(installed.directory, "haft"));
    const silent = await installed.run("self", "uninstall");
    assertEquals(silent.code, 2);
    assertStringIncludes(silent.stderr, "Add --yes");
    assert(existsSync(sandbox.haftHome));

    // HAFT_HOME may name a directory that was there before.
    const own = join(sandbox.haftHome, "notes.txt");
    writeFileSync(own, "mine");
    for (const option of ["--yes", "--dry-run"]) {
      const refused = await installed.run("self", "uninstall", option);
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, 'holds what is not haft\'s: "notes.txt"');
    }
    assertEquals([existsSync(own), existsSync(join(installed.directory, "haft"))], [true, true]);
    rmSync(own);
    const { code, stderr } = await installed.run("self", "uninstall", "--yes");
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, 'Remove the line with "haft activate" from');
    assertEquals([existsSync(sandbox.haftHome), readdirSync(installed.directory)], [false, []]);
    assertEquals(readdirSync(sandbox.project), ["haft.toml"]);
    assertEquals(readdirSync(join(sandbox.root, "run", "haft")).filter((name) => name.endsWith(".sock")), []);
    // Nothing is left to stop in the end.
    copyFileSync((await builds()).old, installed.haft.argv[0] ?? "");
  },
});
