import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inWorld } from "./support.ts";

Deno.test("ls lists the project's tools, and notes on stderr what version files ask for in vain", () =>
  inWorld(async ({ haft, write, installed, project }) => {
    write("haft.toml", '[tools]\nesbuild = "^1"\nbiome = "2"\n');
    write(".tool-versions", "ruby 3.3\n");
    const path = installed("esbuild", "1.2.0", { esbuild: "bin/esbuild" });
    const file = join(project, "haft.toml");
    const text = await haft(["ls"]);
    assertEquals(text.code, 0);
    assertStringIncludes(text.stdout, "esbuild  1.2.0");
    assertStringIncludes(text.stdout, "not installed");
    assertEquals(
      text.stderr,
      "Note: ~/project/.tool-versions asks for ruby 3.3: haft's catalogue does not have it\n",
    );
    const json = await haft(["ls", "--json"]);
    assertEquals(json.stderr, "");
    assertEquals(JSON.parse(json.stdout), [
      {
        tool: "esbuild",
        request: "^1",
        version: "1.2.0",
        installed: true,
        path,
        decided_by: file,
        refused: null,
      },
      {
        tool: "biome",
        request: "2",
        version: null,
        installed: false,
        path: null,
        decided_by: file,
        refused: null,
      },
    ]);
    assertEquals((await haft(["ls", "--names"])).stdout, "biome\nesbuild\n");
  }));

Deno.test("which says why a tool that a version file asks for is not there", () =>
  inWorld(async ({ haft, write, project }) => {
    write(".tool-versions", "ruby 3.3\n");
    const { code, stdout, stderr } = await haft(["which", "ruby"]);
    assertEquals({ code, stdout }, { code: 1, stdout: "" });
    assertStringIncludes(stderr, 'No tool of this project provides "ruby"');
    assertStringIncludes(
      stderr,
      `"${join(project, ".tool-versions")}" asks for ruby 3.3, but haft's catalogue does not have it`,
    );
  }));

Deno.test("which finds an executable by its own name; --why names the file that decided and the ones it overruled", () =>
  inWorld(async ({ haft, write, installed, project }) => {
    write("haft.toml", '[tools]\nripgrep = "14"\n');
    write("inner/.tool-versions", "ripgrep 15\n");
    installed("ripgrep", "14.0.0", { rg: "rg" });
    const inner = installed("ripgrep", "15.0.0", { rg: "rg" });
    const { stdout } = await haft(["which", "rg", "--why"], { cwd: join(project, "inner") });
    assertEquals(
      stdout,
      `${join(inner, "rg")}
  ripgrep 15.0.0: ~/project/inner/.tool-versions (line 1) asks for "15"
  overruled: ~/project/haft.toml (tools.ripgrep) asks for "14"
`,
    );
    const json = JSON.parse((await haft(["which", "--all", "--json"])).stdout);
    assertEquals(json.map((row: { name: string; version: string }) => [row.name, row.version]), [
      ["rg", "14.0.0"],
    ]);
  }));

Deno.test("env uses the shell of $SHELL, and says which tools it lacks", () =>
  inWorld(async ({ haft, write, installed }) => {
    write("haft.toml", '[tools]\nesbuild = "1"\nbiome = "2"\n');
    const directory = installed("esbuild", "1.0.0", { esbuild: "esbuild" });
    const { stdout, stderr } = await haft(["env"], { env: { SHELL: "/usr/bin/fish", PATH: "/bin" } });
    assertEquals(stdout, `set -gx PATH '${directory}' '/bin'\n`);
    assertEquals(stderr, 'Note: biome 2 is not installed; "haft sync" installs it\n');
    const again = await haft(["env", "--shell", "bash"], { env: { PATH: `${directory}:/bin` } });
    assertEquals(again.stdout, "", "what is on PATH already is not added twice");
    const { stdout: json } = await haft(["env", "--json"]);
    assertEquals(JSON.parse(json), { set: {}, unset: [], path: [directory] });
  }));

Deno.test("uninstall asks which version is meant, removes it, and says who will bring it back", () =>
  inWorld(async ({ haft, write, installed, project }) => {
    write("haft.toml", '[tools]\nesbuild = "^1"\n');
    const [old, current] = [
      installed("esbuild", "1.0.0", { esbuild: "x" }),
      installed("esbuild", "1.2.0", { esbuild: "x" }),
    ];
    const unclear = await haft(["uninstall", "esbuild"]);
    assertEquals(unclear.code, 2);
    assertStringIncludes(unclear.stderr, "Installed: 1.0.0, 1.2.0");
    const { code, stdout, stderr } = await haft(["uninstall", "esbuild@1.2.0"]);
    assertEquals({ code, stdout }, { code: 0, stdout: "Removed esbuild 1.2.0\n" });
    assertStringIncludes(stderr, join(project, "haft.toml"));
    assertEquals([existsSync(old), existsSync(current)], [true, false]);
  }));

Deno.test("init takes over version files, keeps a haft.toml that is there, and replaces it with --force", () =>
  inWorld(async ({ haft, write, project }) => {
    write(".nvmrc", "v22\n");
    write("package.json", '{"packageManager":"pnpm@9.1.0"}');
    assertEquals((await haft(["init"])).code, 0);
    const file = join(project, "haft.toml");
    const text = readFileSync(file, "utf8");
    assertStringIncludes(text, 'node = "v22"\npnpm = "9.1.0"\n');
    assertStringIncludes(text, "# ");
    writeFileSync(file, '[tools]\nbiome = "2"\n');
    const { code, stderr } = await haft(["init"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "haft init --force");
    assertEquals((await haft(["init", "--force"])).code, 0);
    assertEquals(readFileSync(file, "utf8"), text);

    write("package.json", '{"packageManager":');
    write(".terraform-version", "1.9.8\n");
    write("pyproject.toml", '[project]\nrequires-python = ">=3.11,<3.14"\n');
    write("Cargo.toml", '[package]\nname = "x"\n');
    const others = await haft(["init", "--force"]);
    const proposed = readFileSync(file, "utf8");
    assertStringIncludes(proposed, 'terraform = "1.9.8"\n');
    assertStringIncludes(proposed, 'python = ">=3.11 <3.14"\n');
    assertStringIncludes(others.stderr, "package.json:1: ");
    assertStringIncludes(others.stderr, "Cargo.toml calls for rust, which haft's catalogue does not have");
  }));

Deno.test("trust in the user's settings does not cover an outer project outside of it", () =>
  inWorld(async ({ haft, write, root, project }) => {
    const config = join(root, "haft", "config");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "config.toml"), `[settings]\ntrusted_paths = [${JSON.stringify(project)}]\n`);
    write("haft.toml", '[env]\nNAME = "value"\n');
    assertEquals((await haft(["env"])).code, 0);
    writeFileSync(
      join(root, "home", "haft.toml"),
      '[tools.esbuild]\nversion = "1"\ninstall_env = { NODE_OPTIONS = "--require ./evil.js" }\n',
    );
    const { code, stderr } = await haft(["sync"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "is not trusted");
    assertStringIncludes(stderr, "haft trust");
  }));
