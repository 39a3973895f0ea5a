/**
 * install.sh, as a release ships it, against a release server on loopback. The "haft" inside is a script of
 * two lines.
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { writeChecksums, writeInstallers } from "../../../scripts/release/archives.ts";
import { tarGzOf } from "../../../scripts/release/package_files.ts";
import { newKey, platform, type Release, serveReleases } from "../../support/script_release.ts";

const ignore = process.platform === "win32";

interface Run {
  shell?: string[];
  args?: string[];
  env?: Record<string, string>;
  /** Commands that PATH has; all of this machine's by default. */
  tools?: string[];
}

const basic = [
  "sh",
  "uname",
  "tar",
  "gzip",
  "sed",
  "mktemp",
  "rm",
  "mkdir",
  "cp",
  "chmod",
  "mv",
  "cat",
  "cut",
  "sysctl",
  "tail",
  "grep",
];

async function install(release: Release, { shell = ["sh"], args = [], env = {}, tools }: Run = {}) {
  const home = mkdtempSync(join(tmpdir(), "haft-home-"));
  const path = tools === undefined ? process.env["PATH"] ?? "" : pathWith([...basic, ...tools]);
  const [file = "sh", ...before] = shell;
  const child = spawn(which(file), [...before, release.installer, ...args], {
    env: { HOME: home, PATH: path, SHELL: "/bin/bash", no_proxy: "127.0.0.1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk);
  const [code] = await once(child, "close");
  const executable = join(home, ".local", "bin", "haft");
  const installed = existsSync(executable) ? spawnSync(executable, { encoding: "utf8" }).stdout : "";
  return { code, output, home, executable, installed };
}

function which(name: string): string {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    if (existsSync(join(directory, name))) return join(directory, name);
  }
  return "";
}

function pathWith(names: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), "haft-path-"));
  for (const name of names) if (which(name) !== "") symlinkSync(which(name), join(directory, name));
  return directory;
}

const shells: [name: string, argv: string[]][] = [
  ["sh", ["sh"]],
  ["dash", ["dash"]],
  ["bash", ["bash"]],
  ["zsh", ["zsh"]],
  ["busybox ash", ["busybox", "ash"]],
];

for (const [name, shell] of shells) {
  Deno.test({
    name: `install.sh installs under ${name}`,
    ignore: ignore || which(shell[0] ?? "") === "",
    fn: async () => {
      const release = await serveReleases();
      const { code, output, installed } = await install(release, { shell });
      assertEquals([code, installed], [0, "haft 1.0.0\n"], output);
      await release.close();
    },
  });
}

const fetchers: [name: string, tools: string[]][] = [
  ["curl and sha256sum", ["curl", "sha256sum"]],
  ["wget and openssl", ["wget", "openssl"]],
  ["curl and shasum", ["curl", "shasum", "perl"]],
];

for (const [name, tools] of fetchers) {
  Deno.test({
    name: `install.sh makes do with ${name}`,
    ignore: ignore || tools.some((tool) => which(tool) === ""),
    fn: async () => {
      const release = await serveReleases();
      const { code, output, installed } = await install(release, { tools });
      assertEquals([code, installed], [0, "haft 1.0.0\n"], output);
      await release.close();
    },
  });
}

Deno.test({
  name: "install.sh says what is missing where there is neither curl nor wget",
  ignore,
  fn: async () => {
    const release = await serveReleases();
    const { code, output, installed } = await install(release, { tools: ["sha256sum"] });
    assertEquals([code, installed], [1, ""]);
    assertStringIncludes(output, "neither curl nor wget is installed");
    await release.close();
  },
});

Deno.test({
  name: "install.sh tells the line that puts its directory on PATH, and does nothing the second time",
  ignore,
  fn: async () => {
    const release = await serveReleases();
    const { output, home } = await install(release);
    assertStringIncludes(output, `echo 'export PATH="${home}/.local/bin:$PATH"' >> ~/.bashrc`);
    const requests = release.asked.length;
    const again = await install(release, { env: { HOME: home } });
    assertMatch(again.output, /^haft 1\.0\.0 is installed already: /);
    assertEquals([again.code, release.asked.length], [0, requests]);
    await release.close();
  },
});

Deno.test({
  name: "install.sh installs into HAFT_INSTALL_DIR, from HAFT_MIRROR, quietly",
  ignore,
  fn: async () => {
    const [release, mirror] = [await serveReleases(), await serveReleases()];
    mirror.files.set(`/v1.0.0/haft-1.0.0-${platform}.tar.gz`, fileOf(release, "1.0.0"));
    const dir = join(mkdtempSync(join(tmpdir(), "haft-dir-")), "a b");
    const env = { HAFT_INSTALL_DIR: dir, HAFT_MIRROR: `${mirror.url}/` };
    const { code, output } = await install(release, { args: ["--quiet"], env });
    assertEquals([code, output, existsSync(join(dir, "haft"))], [0, "", true]);
    assertEquals(release.asked, []);
    await release.close();
    await mirror.close();
  },
});

function fileOf({ files }: Release, version: string): Uint8Array | string {
  return files.get(`/v${version}/haft-${version}-${platform}.tar.gz`) ?? "";
}

Deno.test({
  name: "install.sh goes through the proxy of the environment",
  ignore: ignore || which("curl") === "",
  fn: async () => {
    const release = await serveReleases();
    const env = { HAFT_MIRROR: "http://releases.invalid", http_proxy: release.url };
    const { code, output, installed } = await install(release, { env });
    assertEquals([code, installed], [0, "haft 1.0.0\n"], output);
    await release.close();
  },
});

const damages: [name: string, damage: (content: Uint8Array) => Uint8Array, message: RegExp][] = [
  [
    "a changed archive",
    (content) => content.map((byte, index) => index === 20 ? byte ^ 1 : byte),
    /checksum .* is wrong/,
  ],
  ["half an archive", (content) => content.slice(0, content.length / 2), /checksum .* is wrong/],
  ["an empty archive", () => new Uint8Array(), /checksum .* is wrong/],
];

for (const [name, damage, message] of damages) {
  Deno.test({
    name: `install.sh installs nothing from ${name}`,
    ignore,
    fn: async () => {
      const release = await serveReleases();
      const path = `/v1.0.0/haft-1.0.0-${platform}.tar.gz`;
      release.files.set(path, damage(release.files.get(path) as Uint8Array));
      const { code, output, home } = await install(release);
      assertEquals(code, 1);
      assertMatch(output, message);
      assertEquals(readdirSync(home), []);
      await release.close();
    },
  });
}

for (const tool of ["minisign", "openssl"]) {
  Deno.test({
    name: `install.sh --version checks the signature of another version by ${tool}`,
    ignore: ignore || which(tool) === "",
    fn: async () => {
      const release = await serveReleases();
      const tools = ["curl", "sha256sum", tool];
      const good = await install(release, { args: ["--version", "v0.9.0"], tools });
      assertEquals([good.code, good.installed], [0, "haft 0.9.0\n"], good.output);
      await release.close();

      const forged = await serveReleases({ key: newKey(), signer: newKey() });
      const bad = await install(forged, { args: ["--version=0.9.0"], tools });
      assertEquals([bad.code, bad.installed], [1, ""]);
      assertStringIncludes(bad.output, "is not signed by haft's release key");
      await forged.close();
    },
  });
}

Deno.test({
  name: "install.sh refuses another version where nothing can check its signature",
  ignore,
  fn: async () => {
    const release = await serveReleases();
    const { code, output } = await install(release, {
      args: ["--version", "0.9.0"],
      tools: ["curl", "sha256sum"],
    });
    assertEquals(code, 1);
    assertStringIncludes(output, "neither minisign nor OpenSSL 3 is installed");
    await release.close();
  },
});

Deno.test({
  name: "install.sh says that a version is not there, and that a text is none",
  ignore,
  fn: async () => {
    const release = await serveReleases();
    const missing = await install(release, { args: ["--version", "9.9.9"] });
    assertEquals(missing.code, 1);
    assertStringIncludes(missing.output, "Is there a version 9.9.9?");
    const wrong = await install(release, { args: ["--version", "1.0/../x"] });
    assertStringIncludes(wrong.output, '"1.0/../x" is not a version');
    await release.close();
  },
});

Deno.test({
  name: "install.sh leaves the executable that is there when the new one does not start",
  ignore,
  fn: async () => {
    const release = await serveReleases();
    const dir = mkdtempSync(join(tmpdir(), "haft-dir-"));
    writeFileSync(join(dir, "haft"), "#!/bin/sh\necho old\n");
    chmodSync(join(dir, "haft"), 0o755);
    const name = `haft-1.0.0-${platform}`;
    const broken = await tarGzOf([{
      path: `${name}/haft`,
      content: "#!/bin/sh\nexit 1\n",
      executable: true,
    }]);
    release.files.set(`/v1.0.0/${name}.tar.gz`, broken);
    const outDir = mkdtempSync(join(tmpdir(), "haft-sums-"));
    writeFileSync(join(outDir, `${name}.tar.gz`), broken);
    const sums = writeChecksums([join(outDir, `${name}.tar.gz`)], {
      version: "1.0.0",
      outDir,
      key: undefined,
    });
    const [installer = ""] = writeInstallers({
      version: "1.0.0",
      releasesUrl: release.url,
      publicKey: "",
      sums,
    }, outDir);
    const { code, output } = await install({ ...release, installer }, { env: { HAFT_INSTALL_DIR: dir } });
    assertEquals(code, 1);
    assertStringIncludes(output, "does not start on this machine");
    assertEquals(spawnSync(join(dir, "haft"), { encoding: "utf8" }).stdout, "old\n");
    assertEquals(readdirSync(dir), ["haft"]);
    await release.close();
  },
});
