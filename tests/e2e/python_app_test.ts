import { assertEquals, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pythonIndex } from "../../src/tools/registry/pip_config.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";
import { zipArchive } from "../support/zip_builder.ts";
import { binary, hasProgram, type RunResult, Sandbox } from "./support.ts";

/**
 * Applications in Python come from the index that this machine's pip is configured for: what uv makes of them
 * is what is tested, and no loopback index has uv.
 */
const user = { env: process.env, home: homedir(), platform: process.platform };
const reachable = hasProgram("python3") && await canConnect(new URL((await pythonIndex(user)).url));

function canConnect({ hostname, port, protocol }: URL): Promise<boolean> {
  const proxy = process.env["https_proxy"] ?? process.env["HTTPS_PROXY"];
  const via = proxy === undefined || proxy === "" ? undefined : new URL(proxy);
  return new Promise((resolve) => {
    const socket = connect({
      host: via?.hostname ?? hostname,
      port: Number(via?.port ?? port) || (protocol === "http:" ? 80 : 443),
    });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(10_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

/** What reaches the index from here. */
const network = Object.fromEntries(
  ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "PATH"]
    .flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
);

Deno.test({
  name:
    "a Python application: an environment of its own, its tree locked beside haft.lock, and a stranger's additions refused",
  ignore: !reachable,
  fn: async () => {
    await using sandbox = await Sandbox.create();
    const haft = (...args: string[]): Promise<RunResult> => sandbox.run(binary, { args, env: network });
    sandbox.manifest('[tools]\nyamllint = "1.35"\n');
    const sync = await haft("sync");
    assertEquals(sync.code, 0, sync.stderr);
    assertEquals(sandbox.leftovers(), []);
    assertEquals((await haft("x", "yamllint", "--version")).stdout, "yamllint 1.35.1\n");
    const text = readFileSync(join(sandbox.project, "haft.lock"), "utf8");
    assertStringIncludes(text, 'kind = "python"');
    const tree = join(sandbox.project, "haft.lock.d", "yamllint.requirements.txt");
    const locked = readFileSync(tree, "utf8");
    assertStringIncludes(locked, "\npyyaml==");

    // Neither python nor the commands of dependencies come before the user's own.
    const { stdout: path } = await haft("env", "--json");
    const [directory = ""] = JSON.parse(path).path;
    assertEquals(readdirSync(directory), ["yamllint"]);

    // Another machine: the same lock, nothing changes.
    rmSync(join(sandbox.haftHome, "store", "yamllint"), { recursive: true });
    assertEquals((await haft("sync", "--locked")).code, 0);
    assertEquals(readFileSync(tree, "utf8"), locked);
    assertEquals((await haft("sync", "--check")).code, 0);

    rmSync(join(sandbox.haftHome, "store", "yamllint"), { recursive: true });
    const stranger = join(sandbox.root, "stranger");
    mkdirSync(join(stranger, "haft.lock.d"), { recursive: true });
    for (const name of ["haft.toml", "haft.lock"]) {
      writeFileSync(join(stranger, name), readFileSync(join(sandbox.project, name)));
    }
    const extra =
      "six==1.16.0 \\\n    --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n";
    writeFileSync(join(stranger, "haft.lock.d", "yamllint.requirements.txt"), locked + extra);
    const refused = await sandbox.run(binary, { args: ["sync", "--locked"], cwd: stranger, env: network });
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, '"six", which nothing of it asks for');
    assertEquals(existsSync(join(sandbox.haftHome, "store", "yamllint")), false);
    assertEquals(sandbox.leftovers(), []);
  },
});

/** A uv that knows the Pythons of a file, and installs whatever it is asked for as a program. */
const FAKE_UV = `#!/bin/sh
for last; do :; done
case "$1 $2 $3" in
"python list"*) cat "$PYTHONS" ;;
"--quiet pip compile") while [ $# -gt 1 ]; do [ "$1" = --output-file ] && cp "$RESOLVED" "$2"; shift; done ;;
"--quiet venv"*)
  site=$last/lib/python3/site-packages/acme-2.0.0.dist-info
  mkdir -p "$site" "$last/bin"
  printf '[console_scripts]\\nacme = acme:main\\n' > "$site/entry_points.txt"
  printf '#!/bin/sh\\necho "%s"\\n' "$*" > "$last/bin/acme"
  chmod 755 "$last/bin/acme" ;;
esac
`;

Deno.test("an application is installed with a Python that it is for; where none is, the version that fits is named", async () => {
  await using registry = await LoopbackRegistry.start();
  await using sandbox = await Sandbox.create();
  const wheels: { filename: string; url: string; hashes: { sha256: string } }[] = [];
  const add = (project: string, filename: string, bytes: Uint8Array, requires?: string) => {
    registry.addFile(`/files/${filename}`, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    wheels.push({
      filename,
      url: `/files/${filename}`,
      hashes: { sha256 },
      ...(requires === undefined ? {} : { "requires-python": requires }),
    });
    const files = wheels.filter((one) => one.filename.startsWith(`${project}-`));
    const index = { meta: { "api-version": "1.1" }, name: project, files };
    registry.addFile(`/simple/${project}/`, JSON.stringify(index), { type: "application/json" });
    return sha256;
  };
  const script = { name: "uv-1.0.0.data/scripts/uv", body: FAKE_UV, mode: 0o100755 };
  for (const tag of ["manylinux_2_17_x86_64", "manylinux_2_17_aarch64"]) {
    const programs = [script, { ...script, name: "uv-1.0.0.data/scripts/uvx" }];
    add("uv", `uv-1.0.0-py3-none-${tag}.whl`, zipArchive(programs));
  }
  const bytes = new TextEncoder().encode("a wheel");
  add("acme", "acme-1.8.0-py3-none-any.whl", bytes, ">=3.8");
  add("acme", "acme-1.9.0-py3-none-any.whl", bytes, ">=3.11");
  const sha256 = add("acme", "acme-2.0.0-py3-none-any.whl", bytes, ">=3.12, <3.14");

  const pythons = join(sandbox.root, "pythons.json");
  const here = (...versions: string[]) =>
    writeFileSync(pythons, JSON.stringify(versions.map((version) => ({ version, path: `/opt/${version}` }))));
  writeFileSync(join(sandbox.root, "resolved.txt"), `acme==2.0.0 \\\n    --hash=sha256:${sha256}\n`);
  sandbox.manifest(
    `[tools]\nacme = { version = "2", install_env = { PYTHONS = "${pythons}", RESOLVED = "${
      join(sandbox.root, "resolved.txt")
    }" } }\n\n[catalogue.acme]\nsources = [{ source = "pypi", package = "acme", app = ["acme"] }]\n`,
  );
  const env = { PIP_INDEX_URL: new URL("simple/", registry.url).href };
  const haft = (...args: string[]) => sandbox.run(binary, { args, env });
  assertEquals((await haft("trust")).code, 0);

  here("3.11.7", "3.10.13");
  const refused = await haft("sync");
  assertEquals([refused.code, sandbox.leftovers()], [1, []]);
  assertStringIncludes(
    refused.stderr,
    "acme 2.0.0 needs Python >=3.12, <3.14, and the Pythons here are 3.11.7, 3.10.13",
  );
  assertStringIncludes(refused.stderr, 'take the newest for Python 3.11: "haft use acme@1.9.0"');

  here("3.11.7", "3.12.1", "3.14.0", "3.13.0");
  const sync = await haft("sync");
  assertEquals(sync.code, 0, sync.stderr);
  assertStringIncludes((await haft("exec", "acme")).stdout, "--python /opt/3.13.0 ");
});
