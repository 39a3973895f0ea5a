import { assertEquals, assertThrows } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../../../../src/base/errors.ts";
import { type ProjectFiles, readProjectFiles } from "../../../../src/tools/project/project_files.ts";

/** Writes the files below a new directory and loads the project of one of its directories. */
async function withFiles(
  files: Record<string, string>,
  { cwd = "." }: { cwd?: string },
  test: (project: ProjectFiles, root: string) => void,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    mkdirSync(join(root, cwd), { recursive: true });
    test(
      readProjectFiles(join(root, cwd), {
        home: join(root, "home"),
        paths: { config: join(root, "config") },
      }),
      root,
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function asks({ requests }: ProjectFiles): string[] {
  return requests.map(({ name, version }) => `${name} ${version}`);
}

Deno.test("readProjectFiles() finds the nearest haft.toml upward; its directory is the root, its lock beside it", () =>
  withFiles({ "haft.toml": '[tools]\nnode = "22"\n' }, { cwd: "a/b" }, (project, root) => {
    assertEquals([project.root, project.manifestPath, project.lockPath], [
      root,
      join(root, "haft.toml"),
      join(root, "haft.lock"),
    ]);
    assertEquals(asks(project), ["node 22"]);
  }));

Deno.test("readProjectFiles() lets the nearest file decide each tool, and remembers what it overruled", () =>
  withFiles(
    { "haft.toml": '[tools]\nnode = "20"\ndeno = "2"\n', "inner/haft.toml": '[tools]\nnode = "22"\n' },
    { cwd: "inner" },
    (project, root) => {
      assertEquals(asks(project), ["node 22"]);
      assertEquals(project.root, join(root, "inner"));
      const [outer] = project.outer;
      assertEquals([outer?.owner, outer?.lockPath, outer?.requests.map(({ name }) => name)], [
        "checkout",
        join(root, "haft.lock"),
        ["deno"],
      ]);
      assertEquals(outer?.overridden.map(({ name, version }) => `${name} ${version}`), ["node 20"]);
      assertEquals(project.shadowed.map(({ version, decidedBy }) => [version, decidedBy.file]), [
        ["20", join(root, "haft.toml")],
      ]);
    },
  ));

Deno.test("readProjectFiles() lets haft.toml decide before other files of the same directory", () =>
  withFiles(
    { "haft.toml": '[tools]\nnode = "22"\n', ".nvmrc": "20", ".tool-versions": "deno 2.1.0" },
    {},
    (project) => {
      assertEquals(asks(project), ["node 22", "deno 2.1.0"]);
      assertEquals(project.shadowed.map(({ version }) => version), ["20"]);
    },
  ));

Deno.test("readProjectFiles() without haft.toml takes the directory of the nearest version file for the root", () =>
  withFiles({ ".nvmrc": "22" }, { cwd: "a" }, (project, root) => {
    assertEquals([project.root, project.manifestPath, asks(project)], [root, undefined, ["node 22"]]);
  }));

Deno.test("readProjectFiles() of a directory that asks for nothing is empty", () =>
  withFiles({}, { cwd: "a" }, (project, root) => {
    assertEquals([project.root, project.requests], [join(root, "a"), []]);
  }));

Deno.test("readProjectFiles() keeps the project's settings and mirrors apart from the user's", () =>
  withFiles(
    {
      "config/config.toml":
        '[settings]\njobs = 1\nauto_install = true\ntrusted_paths = ["/work"]\n[mirrors]\n"http://a/" = "http://b/"\n',
      "haft.toml": '[settings]\njobs = 3\n[mirrors]\n"http://c/" = "http://d/"\n',
    },
    {},
    (project) => {
      assertEquals([project.settings, project.mirrors], [{ jobs: 3 }, { "http://c/": "http://d/" }]);
      const { settings, mirrors, trustedPaths } = project.user;
      assertEquals([settings, mirrors, trustedPaths], [
        { jobs: 1, auto_install: true },
        { "http://a/": "http://b/" },
        ["/work"],
      ]);
    },
  ));

Deno.test("readProjectFiles() does not let a project widen trust", () =>
  withFiles({}, {}, (_, root) => {
    writeFileSync(join(root, "haft.toml"), '[settings]\ntrusted_paths = ["/"]\n');
    assertThrows(
      () => readProjectFiles(root, { home: join(root, "home"), paths: { config: join(root, "config") } }),
      UsageError,
      'key "settings.trusted_paths" must be left to your own config.toml',
    );
  }));

Deno.test("readProjectFiles() takes what lies in the home directory for the user's own, and its haft.toml for a project's", () =>
  withFiles(
    { "home/.nvmrc": "20", "home/.config/mise/config.toml": '[tools]\ndeno = "2"\n' },
    { cwd: "home/empty" },
    (project, root) => {
      assertEquals([project.root, project.lockPath], [
        join(root, "home/empty"),
        join(root, "config/haft.lock"),
      ]);
      assertEquals(asks(project).sort(), ["deno 2", "node 20"]);
      writeFileSync(join(root, "home/haft.toml"), '[tools]\nbiome = "2"\n');
      const own = readProjectFiles(join(root, "home/empty"), {
        home: join(root, "home"),
        paths: { config: join(root, "config") },
      });
      assertEquals([asks(own), own.lockPath], [["biome 2"], join(root, "home/haft.lock")]);
      assertEquals(own.userWide.requests.map(({ name }) => name).sort(), ["deno", "node"]);
    },
  ));

Deno.test("readProjectFiles() ends the checkout at a repository's own root, and keeps what a package leaves out", () =>
  withFiles(
    {
      "haft.toml": '[tools]\ndeno = "2"\n',
      ".nvmrc": "20",
      "mod/.git": "gitdir: elsewhere\n",
      "mod/haft.toml": "[settings]\nversion_files = false\n",
      "mod/in/haft.toml": "[settings]\nversion_files = false\n",
    },
    { cwd: "mod/in" },
    ({ outer: [outer, ...others], requests }) => {
      assertEquals([outer?.owner, others, requests], ["elsewhere", [], []]);
      assertEquals(outer?.requests.map(({ name }) => name), ["deno"]);
      assertEquals(outer?.overridden.map(({ name }) => name), ["node"]);
    },
  ));

Deno.test("readProjectFiles() names every file that it looked for, there or not", () =>
  withFiles({ "haft.toml": "" }, { cwd: "a" }, ({ lookedFor }, root) => {
    for (const name of ["haft.toml", "a/haft.toml", "a/.nvmrc", ".tool-versions", "config/config.toml"]) {
      assertEquals(lookedFor.includes(join(root, name)), true, name);
    }
  }));

Deno.test("readProjectFiles() keeps what an .npmrc says of registries and credentials, and nothing filled in", () =>
  withFiles(
    {
      "haft.toml": "",
      ".npmrc": [
        "; a comment about a registry",
        "save-exact=true",
        "@acme:registry=https://acme.example/",
        "  //acme.example/:_authToken=${NPM_TOKEN}\r",
        '"\\u0072egistry"=https://hidden.example/',
      ].join("\n"),
    },
    { cwd: "a" },
    ({ registry, lookedFor }, root) => {
      assertEquals(registry, [
        ["@acme:registry", "https://acme.example/"],
        ["//acme.example/:_authToken", "${NPM_TOKEN}"],
        ["registry", "https://hidden.example/"],
      ]);
      assertEquals(lookedFor.includes(join(root, ".npmrc")), true);
    },
  ));

Deno.test("readProjectFiles() takes the home directory's .npmrc for the user's own", () =>
  withFiles(
    { "home/haft.toml": "", "home/.npmrc": "registry=https://own.example/\n" },
    { cwd: "home" },
    (files) => {
      assertEquals(files.registry, []);
    },
  ));
