/** What a stranger may put in the place of a file that haft reads. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { binary, Sandbox } from "./support.ts";

const platform = `linux-${process.arch === "arm64" ? "arm64" : "x64"}-glibc`;
const ignore = process.platform !== "linux";

interface Strange {
  tool: string;
  source: string;
  kind: string;
  /** The artifact's table without its integrity. */
  artifact: (url: string) => string;
}

const strange: [name: string, lock: Strange][] = [
  ["a tool of http at another host", {
    tool: '"node"',
    source: "http",
    kind: "native",
    artifact: (url) => `url = "${url}"`,
  }],
  ["a tool of npm's", {
    tool: '"esbuild"',
    source: "npm",
    kind: "native",
    artifact: (url) => `url = "${url}"`,
  }],
  ["a repository's tool", {
    tool: '"github:jqlang/jq"',
    source: "github",
    kind: "native",
    artifact: (url) => `url = "${url}"`,
  }],
];

for (const [name, { tool, source, kind, artifact }] of strange) {
  Deno.test({
    name: `an address in a stranger's haft.lock is not asked: ${name}`,
    ignore,
    fn: async () => {
      await using server = await LoopbackRegistry.start();
      const script = { content: "#!/bin/sh\necho EVIL\n", mode: 0o755 };
      const archive = await packTarball({ "bin/node": script, "bin/esbuild": script, "bin/jq": script }, {
        root: "x",
      });
      server.addFile("/evil.tar.gz", archive);
      await using sandbox = await Sandbox.create({ registry: server.url });
      const version = "22.1.0";
      sandbox.manifest(`[tools]\n${tool} = "${version}"\n`);
      const integrity = `sha256-${createHash("sha256").update(archive).digest("base64")}`;
      writeFileSync(
        join(sandbox.project, "haft.lock"),
        `version = 1\n\n[tools.${tool}]\nrequest = "${version}"\nversion = "${version}"\nsource = "${source}"\nkind = "${kind}"\n\n` +
          `[tools.${tool}.platforms]\n${platform} = [{ ${
            artifact(`${server.url}/evil.tar.gz`)
          }, integrity = "${integrity}" }]\n`,
      );
      for (
        const args of [["sync", "--locked"], ["sync", "--offline"], ["x", "node"], ["x", "jq"], [
          "x",
          "esbuild",
        ]]
      ) {
        const { code, stdout, stderr } = await sandbox.run(binary, { args });
        assert(code !== 0, `${args.join(" ")}\n${stdout}${stderr}`);
        assert(!stdout.includes("EVIL"), stdout);
      }
      assertEquals(sandbox.installed(), []);
      assertEquals(server.requests.filter(({ path }) => path.includes("evil")), []);
    },
  });
}

const read = [
  "haft.toml",
  "haft.lock",
  ".npmrc",
  "package.json",
  ".nvmrc",
  ".node-version",
  ".python-version",
  ".tool-versions",
  "mise.toml",
  "vx.toml",
  "justfile",
  "Taskfile.yml",
  ".git",
];

for (const file of read) {
  Deno.test({
    name: `a FIFO or a device in the place of ${file} keeps no command waiting`,
    ignore,
    fn: async () => {
      for (const kind of ["fifo", "device"]) {
        await using sandbox = await Sandbox.create({ registry: "http://127.0.0.1:9" });
        if (file !== "haft.toml") sandbox.manifest('[tools]\n"npm:foo" = "1.0.0"\n[tasks]\nt = "true"\n');
        const path = join(sandbox.project, file);
        mkdirSync(dirname(path), { recursive: true });
        if (kind === "fifo") assertEquals(spawnSync("mkfifo", [path]).status, 0);
        else symlinkSync("/dev/zero", path);
        for (
          const args of [["ls"], ["sync", "--locked"], ["which", "foo"], ["tasks"], ["trust", "--show"], [
            "check",
          ], ["init"]]
        ) {
          // The sandbox itself gives up on a command that hangs.
          const { code, stderr } = await sandbox.run(binary, { args });
          assert(code !== null, `${kind} ${args.join(" ")}: ${stderr}`);
          assert(!/fault in haft/.test(stderr), stderr);
          if (code !== 0 && stderr.includes(`/${file}"`)) {
            assertMatch(stderr, /not a regular file|Cannot read|already there/);
          }
        }
      }
    },
  });
}
