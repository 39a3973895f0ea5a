import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactServer } from "../support/artifact_server.ts";
import { sha256 } from "../support/github_server.ts";
import { packTarball } from "../support/pack_tarball.ts";
import { binary, Sandbox } from "./support.ts";

/** A cargo that builds a program which tells what the build saw. */
const FAKE_CARGO = `#!/bin/sh
args="$*"
while [ $# -gt 0 ]; do
  case $1 in --root) root=$2 ;; --path) path=$2 ;; esac
  shift
done
case $args in *--locked*) locked=locked ;; *) locked=free ;; esac
mkdir -p "$root/bin" "$CARGO_TARGET_DIR"
printf '#!/bin/sh\\necho "%s %s, secret %s, home %s"\\n' "$(cat "$path/src/main.rs")" $locked "\${SECRET-none}" "$CARGO_HOME" > "$root/bin/acme"
chmod 755 "$root/bin/acme"
`;

async function crates(): Promise<{ server: ArtifactServer; files: Record<string, Uint8Array> }> {
  const lines: string[] = [];
  const files: Record<string, Uint8Array> = {};
  for (const version of ["1.0.0", "1.1.0", "1.2.0-rc.1", "1.3.0"]) {
    const crate = await packTarball({
      "Cargo.toml": `[package]\nname = "acme-cli"\nversion = "${version}"\n`,
      "Cargo.lock": "version = 4\n",
      "src/main.rs": `acme ${version}`,
    }, { root: `acme-cli-${version}` });
    files[`dl/acme-cli/${version}.crate`] = crate;
    const facts = { name: "acme-cli", vers: version, cksum: sha256(crate), yanked: version === "1.3.0" };
    lines.push(JSON.stringify(facts));
  }
  files["index/ac/me/acme-cli"] = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const server = await ArtifactServer.start(files);
  files["index/config.json"] = new TextEncoder().encode(
    JSON.stringify({ dl: `${server.url("dl")}/{crate}/{version}.crate` }),
  );
  return { server, files };
}

function withCargo(sandbox: Sandbox, server: ArtifactServer): Record<string, string> {
  const bin = join(sandbox.root, "cargo-bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "cargo"), FAKE_CARGO, { mode: 0o755 });
  const home = join(sandbox.root, "home", ".cargo");
  mkdirSync(home);
  writeFileSync(
    join(home, "config.toml"),
    `[source.crates-io]\nreplace-with = "ours"\n[source.ours]\nregistry = "sparse+${server.url("index")}/"\n`,
  );
  return { PATH: `${bin}:/usr/bin:/bin`, SECRET: "do-not-send" };
}

Deno.test("cargo:CRATE is built from the locked crate, after trust, by the user's own index, in a clean environment", async () => {
  const { server } = await crates();
  await using _server = server;
  await using sandbox = await Sandbox.create();
  const env = withCargo(sandbox, server);
  sandbox.manifest('[tools]\n"cargo:acme-cli" = "1"\n');
  const untrusted = await sandbox.run(binary, { args: ["sync"], env });
  assert(untrusted.code !== 0);
  assertStringIncludes(untrusted.stderr, "not trusted");
  const trust = await sandbox.run(binary, { args: ["trust"], env });
  assertStringIncludes(trust.stdout, "cargo:acme-cli is built from the cargo package acme-cli");
  const sync = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(sync.code, 0, sync.stderr);
  const lock = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
  assertStringIncludes(lock, 'any = [{ cargo = "acme-cli@1.1.0", integrity = "sha256-');
  const { stdout, stderr } = await sandbox.run(binary, { args: ["x", "acme"], env });
  const home = join(sandbox.root, "home", ".cargo");
  assertEquals(stdout, `acme 1.1.0 locked, secret none, home ${home}\n`, stderr);
  assertEquals(sandbox.installed(), ["cargo+acme-cli/1.1.0"]);
  assertEquals(sandbox.leftovers(), []);
  const versions = await sandbox.run(binary, { args: ["ls-remote", "cargo:acme-cli"], env });
  assertEquals(versions.stdout, "1.0.0\n1.1.0\n1.2.0-rc.1\n");

  // A whole lock needs no index, and still no build before trust.
  rmSync(join(sandbox.haftHome, "store"), { recursive: true });
  await sandbox.run(binary, { args: ["trust", "--revoke"], env });
  const locked = await sandbox.run(binary, { args: ["sync", "--locked"], env });
  assert(locked.code !== 0);
  assertStringIncludes(locked.stderr, "not trusted");
  assertEquals(sandbox.installed(), []);
});

Deno.test("cargo: a crate that differs from haft.lock is refused before anything of it runs, and no cargo is told", async () => {
  const { server, files } = await crates();
  await using _server = server;
  await using sandbox = await Sandbox.create();
  const env = { ...withCargo(sandbox, server), HAFT_TRUST: "1" };
  sandbox.manifest('[tools]\n"cargo:acme-cli" = "1.0.0"\n');
  const without = await sandbox.run(binary, { args: ["sync"], env: { ...env, PATH: "/nowhere" } });
  assertEquals(without.code, 1);
  assertStringIncludes(without.stderr, "built by cargo, and there is none on PATH");
  files["dl/acme-cli/1.0.0.crate"] = await packTarball({ "src/main.rs": "evil" }, { root: "x" });
  const wrong = await sandbox.run(binary, { args: ["sync"], env });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stderr, "Wrong hash");
  assertEquals([sandbox.installed(), sandbox.leftovers()], [[], []]);
});
