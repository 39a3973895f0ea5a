/** The modes of what haft makes, and what it says where the system does not let it write. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fakeTools } from "./fake_tools.ts";
import { binary, hasProgram, Sandbox } from "./support.ts";

const linux = Deno.build.os === "linux";
const asRoot = linux && Deno.uid() === 0;

/** Path → mode, in octal, of all files and directories. Names that differ from run to run are left out. */
function modes(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isSymbolicLink()) continue;
      found.set(relative(root, path), (lstatSync(path).mode & 0o7777).toString(8));
      if (entry.isDirectory()) visit(path);
    }
  };
  visit(root);
  return found;
}

/** Uses all that writes: store, shims, caches, trust, locks, logs of apps and tasks, history, journal. */
const EVERYTHING = `set -e
haft init --force
haft use esbuild@1.2.0 biome@2.0.0
haft trust
haft shims
haft exec esbuild --version
haft exec --shim esbuild --version
haft app start web -- sh -c 'umask; sleep 60'
haft app save
haft task run -- sh -c umask
haft app logs web | grep .
haft daemon stop`;

Deno.test({
  name:
    "modes are explicit: the same files come to be with umask 000, 022 and 077, and programs keep the user's umask",
  ignore: !linux,
  async fn() {
    await using registry = await fakeTools();
    const seen = new Map<string, Map<string, string>>();
    for (const umask of ["000", "022", "077"]) {
      await using sandbox = await Sandbox.create({ registry: registry.url });
      const { code, stdout, stderr } = await sandbox.shell(binary, `umask ${umask}\n${EVERYTHING}`);
      assertEquals(code, 0, stdout + stderr);
      assertEquals(stdout.split("\n").filter((line) => line === `0${umask}`), [`0${umask}`], stdout);
      assertMatch(stdout, new RegExp(`web \\| 0${umask}`));
      const all = modes(sandbox.haftHome);
      assert(all.size > 30, [...all.keys()].join("\n"));
      seen.set(umask, all);
    }
    const open = [...seen.get("000") ?? []].filter(([, mode]) => (parseInt(mode, 8) & 0o022) !== 0);
    assertEquals(open, []);
    // Names with random or changing parts are in one run only.
    const usual = seen.get("022") ?? new Map();
    for (const umask of ["000", "077"]) {
      const common = [...seen.get(umask) ?? []].filter(([path]) => usual.has(path));
      assert(common.length > 30);
      assertEquals(common, common.map(([path]) => [path, usual.get(path)]));
    }
  },
});

Deno.test({
  name: "files of a project have modes by the user's umask, and keep the mode that they had",
  ignore: !linux,
  async fn() {
    await using registry = await fakeTools();
    await registry.addPackage({ name: "say", version: "1.0.0", bin: { say: "cli.js" } }, {
      "cli.js": { content: "#!/usr/bin/env node\n", mode: 0o755 },
    });
    const cases = [["002", "664", "775"], ["077", "600", "700"], ["777", "600", "700"]] as const;
    for (const [umask, file, directory] of cases) {
      await using sandbox = await Sandbox.create({ registry: registry.url });
      const inUmask = async (lines: string) => {
        const { code, stderr } = await sandbox.shell(binary, `umask ${umask}\nset -e\n${lines}`);
        assertEquals(code, 0, stderr);
      };
      await inUmask("haft init --force\nhaft use esbuild@1.2.0 npm:say@1.0.0");
      const made = modes(sandbox.project);
      assertEquals([made.get("haft.toml"), made.get("haft.lock")], [file, file]);
      const dependencies = [...made].filter(([path]) => path.startsWith("haft.lock.d"));
      assert(dependencies.length > 1, [...made.keys()].join("\n"));
      assertEquals([...new Set(dependencies.map(([, mode]) => mode))].sort(), [file, directory]);
      const manifest = join(sandbox.project, "haft.toml");
      chmodSync(manifest, 0o640);
      const linked = join(sandbox.root, "haft.toml");
      renameSync(manifest, linked);
      symlinkSync(linked, manifest);
      chmodSync(join(sandbox.project, "haft.lock"), 0o444);
      await inUmask("haft use biome@2.0.0\nhaft remove esbuild");
      assertEquals((lstatSync(linked).mode & 0o7777).toString(8), "640");
      assertEquals(modes(sandbox.project).get("haft.lock"), "444");
    }
  },
});

Deno.test({
  name: "root with another user's HOME changes nothing there, and is told the command that would be right",
  ignore: !asRoot,
  async fn() {
    await using registry = await fakeTools();
    await using sandbox = await Sandbox.create({ registry: registry.url });
    const home = join(sandbox.root, "home");
    mkdirSync(home, { recursive: true });
    chownSync(home, 65534, 65534);
    sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
    const env = { HAFT_HOME: "", HOME: home };
    const writing = [
      ["sync"],
      ["install", "esbuild@1.2.0"],
      ["use", "biome"],
      ["shims"],
      ["trust"],
      ["daemon", "start"],
      ["app", "start", "web", "--", "sleep", "5"],
      ["task", "run", "--", "true"],
      ["ipc-send", "daemon.ping"],
      ["exec", "--install", "esbuild"],
    ];
    for (const args of writing) {
      const { code, stderr } = await sandbox.run(binary, { args, env });
      assertEquals([args, code], [args, 1]);
      assertMatch(stderr, /^error: ".*\/home" belongs to \S+, and haft runs as root\n/, args.join(" "));
      assertMatch(stderr, /\n {2}As its owner: sudo -H -u \S+ haft /);
      assertMatch(stderr, /\n {2}For root itself: HOME=~root haft /);
    }
    for (const args of [["ls"], ["env"], ["doctor"], ["daemon", "status"], ["completions", "bash"]]) {
      const { stderr } = await sandbox.run(binary, { args, env });
      assertEquals([args, stderr.includes("belongs to")], [args, false]);
    }
    assertEquals(readdirSync(home), []);
    // A directory of root's own is root's to write.
    const own = await sandbox.run(binary, { args: ["sync"], env: { HOME: home } });
    assertEquals(own.code, 0, own.stderr);
  },
});

Deno.test({
  name: "a system that does not let haft write is named with path and next step, and is no fault in haft",
  ignore: !asRoot || !hasProgram("unshare") || !hasProgram("mount"),
  async fn() {
    await using registry = await fakeTools();
    const cases: [name: string, prepare: string, code: RegExp][] = [
      ["a read-only file system", 'mount -t tmpfs -o ro none "$HAFT_HOME"', /EROFS/],
      [
        "a full disk",
        'mount -t tmpfs -o size=64k none "$HAFT_HOME"; head -c 200000 /dev/zero > "$HAFT_HOME/fill" 2>/dev/null || true',
        /ENOSPC/,
      ],
      [
        "directories of another user's",
        'mount -t tmpfs none "$HAFT_HOME"; chmod 555 "$HAFT_HOME"; drop="setpriv --reuid 65534 --regid 65534 --clear-groups"',
        /EACCES/,
      ],
    ];
    for (const [name, prepare, expected] of cases) {
      await using sandbox = await Sandbox.create({ registry: registry.url });
      mkdirSync(sandbox.haftHome, { recursive: true });
      for (const directory of [sandbox.root, sandbox.project]) chmodSync(directory, 0o777);
      sandbox.manifest('[tools]\nesbuild = "1.2.0"\n');
      chmodSync(join(sandbox.project, "haft.toml"), 0o666);
      const line = [
        prepare,
        `for words in sync "install esbuild@1.2.0" shims trust "daemon start" "task run -- true"; do`,
        `$drop ${binary.argv.join(" ")} $words; echo "code $?" >&2; done`,
        // On a full disk it starts.
        `$drop ${binary.argv.join(" ")} daemon stop > /dev/null 2>&1 || true`,
      ].join("\n");
      const script = `unshare --mount sh -c '${line.replaceAll("'", `'\\''`)}'`;
      const { stderr, stdout } = await sandbox.shell(binary, script);
      assertEquals([name, /fault in haft/.test(stderr + stdout)], [name, false], stderr);
      assertMatch(stderr, expected, name);
      assertStringIncludes(stderr, sandbox.haftHome);
      assertEquals(existsSync(join(sandbox.haftHome, "store", "esbuild")), false);
    }
  },
});

Deno.test({
  name: "on a full disk doctor says so, and what the daemon runs fails for it and not for trust",
  ignore: !asRoot || !hasProgram("unshare") || !hasProgram("mount"),
  async fn() {
    await using sandbox = await Sandbox.create({ registry: "" });
    mkdirSync(sandbox.haftHome);
    sandbox.manifest('[apps.web]\ncommand = ["sleep", "60"]\n[tasks]\nhello = "echo ran"\n');
    const [haft] = binary.argv;
    const line = `mount -t tmpfs -o size=4m none "$HAFT_HOME"
${haft} daemon start > /dev/null
head -c 20000000 /dev/zero > "$HAFT_HOME/fill" 2> /dev/null
export HAFT_TRUST=1
${haft} app start; echo "code $?"; ${haft} task start hello; echo "code $?"; ${haft} run hello; echo "code $?"
${haft} doctor; echo "code $?"
${haft} daemon stop > /dev/null`;
    const { stdout, stderr } = await sandbox.shell(binary, `unshare --mount sh -c '${line}'`);
    assertEquals(stdout.match(/^(code .|ran)$/gm), ["code 1", "code 1", "ran", "code 0", "code 1"]);
    assertEquals(stderr.match(/^error: .*$/gm)?.map((text) => /trust\.json": no space/.test(text)), [
      true,
      true,
    ]);
    assertEquals(stdout.match(/^✗ .* is full$/gm)?.map((text) => text.replace(sandbox.root, "")), [
      '✗ store: the disk of "/haft" is full',
    ]);
  },
});

Deno.test({
  name: "what is installed runs in another project where haft can write no longer: exec, x, run and shims",
  ignore: !asRoot || !hasProgram("unshare") || !hasProgram("mount"),
  async fn() {
    await using registry = await fakeTools();
    await registry.addPackage({ name: "prettier", version: "3.0.0", bin: { prettier: "main.cjs" } }, {
      "main.cjs": { content: '#!/usr/bin/env node\nconsole.log("prettier");\n', mode: 0o755 },
    });
    const cases: [name: string, prepare: string][] = [
      ["a read-only file system", 'mount -o remount,ro "$HAFT_HOME"'],
      ["a full disk", 'head -c 20000000 /dev/zero > "$HAFT_HOME/fill" 2>/dev/null || true'],
    ];
    for (const [name, prepare] of cases) {
      await using sandbox = await Sandbox.create({ registry: registry.url });
      const [other, bin] = [join(sandbox.root, "other"), join(sandbox.root, "bin")];
      for (const directory of [sandbox.haftHome, other, bin]) mkdirSync(directory, { recursive: true });
      // No other runtime for scripts.
      for (const program of ["sh", "mount", "head"]) symlinkSync(`/bin/${program}`, join(bin, program));
      const text = '[tools]\nesbuild = "1.2.0"\nprettier = "3"\n[tasks]\nhello = "esbuild from-task"\n';
      sandbox.manifest(text);
      writeFileSync(join(other, "haft.toml"), text);
      const [haft] = binary.argv;
      const line = `set -e; PATH=${bin}
mount -t tmpfs -o size=4m none "$HAFT_HOME"
${haft} sync > /dev/null 2>&1; ${haft} x esbuild > /dev/null
cd ${other}; ${haft} sync > /dev/null 2>&1
${prepare}
${haft} x esbuild from-x
${haft} x -- esbuild from-path
"$HAFT_HOME/shims/esbuild" from-shim
${haft} x prettier
"$HAFT_HOME/shims/prettier"
HAFT_TRUST=1 ${haft} run hello`;
      const { stderr, stdout } = await sandbox.shell(
        binary,
        `unshare --mount sh -c '${line.replaceAll("'", `'\\''`)}'`,
      );
      assertEquals([
        name,
        stdout.split("\n"),
      ], [name, [
        "esbuild 1.2.0: from-x|",
        "esbuild 1.2.0: from-path|",
        "esbuild 1.2.0: from-shim|",
        "prettier",
        "prettier",
        "esbuild 1.2.0: from-task|",
        "",
      ]], stderr);
    }
  },
});
