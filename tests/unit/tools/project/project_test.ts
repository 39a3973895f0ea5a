import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { HaftError } from "../../../../src/base/errors.ts";
import { resolvePaths } from "../../../../src/base/paths.ts";
import { onDamage } from "../../../../src/base/set_aside.ts";
import { findExecutable } from "../../../../src/tools/project/find_executable.ts";
import { openProject, type UserContext } from "../../../../src/tools/project/project.ts";
import { ProjectCache } from "../../../../src/tools/project/project_cache.ts";

async function withProject(
  manifest: string | undefined,
  test: (world: { root: string; user: UserContext }) => void,
): Promise<void> {
  const home = await Deno.makeTempDir();
  const root = join(home, "project");
  mkdirSync(root);
  if (manifest !== undefined) writeFileSync(join(root, "haft.toml"), manifest);
  const env = { HAFT_HOME: join(home, "haft"), PATH: "/bin", KEPT: "yes", GONE: "yes" };
  try {
    test({ root, user: { env, home, paths: resolvePaths({ env, platform: process.platform, home }) } });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const WITH_VARIABLES = '[env]\nNAME = "value"\nGONE = false\n';

Deno.test("Project.runEnvironment() has the project's variables over the inherited, and a program's own over all", () =>
  withProject(WITH_VARIABLES, ({ root, user }) => {
    const project = openProject(root, user);
    project.trust.trust(project.gated);
    const { NAME, KEPT, GONE, PATH } = project.runEnvironment();
    assertEquals([NAME, KEPT, GONE, PATH], ["value", "yes", undefined, "/bin"]);
    const own = project.runEnvironment({ own: { NAME: "own", GONE: "own" } });
    assertEquals([own["NAME"], own["GONE"]], ["own", "own"]);
  }));

Deno.test("Project gives its variables to nothing before it is trusted", () =>
  withProject(WITH_VARIABLES, ({ root, user }) => {
    const project = openProject(root, user);
    assertThrows(() => project.variables(), HaftError, "is not trusted");
    assertThrows(() => project.environmentChanges(), HaftError, "is not trusted");
    assertThrows(() => project.runEnvironment(), HaftError, "is not trusted");
  }));

Deno.test("Project needs trust for an install only where one of the named tools has variables for it", () =>
  withProject('[tools]\nbiome = "2"\nnode = { version = "22", install_env = { A = "1" } }\n', (world) => {
    const project = openProject(world.root, world.user);
    project.requireInstallTrust(["biome"]);
    assertThrows(() => project.requireInstallTrust(["node"]), HaftError, "install_env");
    assertThrows(() => project.requireInstallTrust(), HaftError, "install_env");
  }));

Deno.test("Project says where it looked for a haft.toml", () =>
  withProject(undefined, ({ root, user }) => {
    const error = assertThrows(() => openProject(root, user).requireRequests(), HaftError);
    assertEquals([error.message, error.next], [
      `No haft.toml in "${root}" or above it`,
      'Run "haft init" to make one',
    ]);
  }));

Deno.test("Project with a lock file that is none can be listed, and its tools say what is wrong", () =>
  withProject('[tools]\nbiome = "2"\n', ({ root, user }) => {
    writeFileSync(join(root, "haft.lock"), "this is not toml");
    const project = openProject(root, user);
    assertEquals(project.files.requests.length, 1);
    assertEquals(project.decidingFiles.includes(join(root, "haft.lock")), true);
    assertThrows(() => project.tools, HaftError, "haft.lock");
  }));

Deno.test("ProjectCache reads a project once while its files stay as they are, however young they are", () =>
  withProject('[tools]\nbiome = "2"\n', ({ root, user }) => {
    const cache = new ProjectCache(user);
    const first = cache.open(root);
    assertEquals(cache.open(root), first);
    assertEquals(cache.open(root) === first, true);
    // The same size, and within the clock's grain the same time.
    writeFileSync(join(root, "haft.toml"), '[tools]\nbiome = "1"\n');
    const second = cache.open(root);
    assertEquals(second.files.requests[0]?.version, "1");
    writeFileSync(join(root, ".nvmrc"), "22\n");
    assertEquals(cache.open(root).files.requests.map(({ name }) => name), ["biome", "node"]);
  }));

const SOURCES =
  '[settings]\njobs = 3\nauto_install = true\n[mirrors]\n"https://a.example/" = "https://b.example/"\n';

Deno.test("Project has settings that run code, mirrors and registries of its own only once it is trusted", () =>
  withProject(SOURCES, ({ root, user }) => {
    writeFileSync(join(root, ".npmrc"), "registry=https://c.example/\n");
    const project = openProject(root, user);
    assertEquals([project.settings, project.mirrors, project.isTrusted], [
      { jobs: 3 },
      {},
      false,
    ]);
    assertEquals(project.ignoredSources, [".npmrc", "[mirrors]"]);
    project.trust.trust(project.gated);
    assertEquals(project.settings, { jobs: 3, auto_install: true });
    assertEquals([project.mirrors, project.isTrusted, project.ignoredSources], [
      { "https://a.example/": "https://b.example/" },
      true,
      [],
    ]);
    writeFileSync(join(root, ".npmrc"), "registry=https://d.example/\n");
    assertEquals(
      openProject(root, user).isTrusted,
      false,
      "another registry is asked about again",
    );
  }));

Deno.test("Project may switch off what the user's settings allow without being trusted", () =>
  withProject("[settings]\nauto_install = false\n", ({ root, user }) => {
    mkdirSync(user.paths.config, { recursive: true });
    writeFileSync(join(user.paths.config, "config.toml"), "[settings]\nauto_install = true\n");
    assertEquals(openProject(root, user).settings, { auto_install: false });
  }));

Deno.test("Project looks in the store for the tool that is meant, and for no other", () =>
  withProject('[tools]\nbiome = "2"\nesbuild = "1"\n', ({ root, user }) => {
    const put = (tool: string, text: string) => {
      const directory = join(user.paths.store, tool, "1.0.0", ".haft");
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, "receipt.json"), text);
    };
    put("biome", "damaged");
    put("esbuild", "damaged");
    const warned: string[] = [];
    onDamage((line) => warned.push(line));
    const { tools, files } = openProject(root, user);
    assertThrows(() => findExecutable("esbuild", tools, files), HaftError, "is not installed");
    assertEquals(warned.length, 1);
    assertThrows(() => findExecutable("biome", tools, files), HaftError, "is not installed");
    assertEquals(warned.length, 2);
  }));
