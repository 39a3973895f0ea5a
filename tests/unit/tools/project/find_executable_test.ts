import { assertEquals, assertThrows } from "@std/assert";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { HaftError } from "../../../../src/base/errors.ts";
import { builtInCatalogue } from "../../../../src/tools/catalogue/catalogue.ts";
import { findExecutable } from "../../../../src/tools/project/find_executable.ts";
import type { ProjectTool } from "../../../../src/tools/project/installed_tools.ts";
import { scriptCommand } from "../../../../src/tools/project/js_runner.ts";

interface Given {
  name: string;
  /** Executable → path below the install directory; not installed when absent. */
  bin?: Record<string, string>;
  kind?: "native" | "js";
  elsewhere?: boolean;
}

function tool(root: string, { name, bin, kind = "native", elsewhere = false }: Given): ProjectTool {
  const directory = join(root, name.replaceAll(/[/:]/g, "+"));
  for (const path of Object.values(bin ?? {})) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), "#!/bin/sh\n");
    chmodSync(join(directory, path), 0o755);
  }
  return {
    request: {
      name,
      version: "1",
      options: {},
      definition: null,
      installEnv: {},
      decidedBy: { file: "haft.toml", key: `tools.${name}` },
      ...(elsewhere ? { os: ["win32"] } : {}),
    },
    version: "1.0.0",
    elsewhere,
    refused: undefined,
    passedOver: undefined,
    deciding: [],
    installed: bin === undefined ? undefined : {
      directory,
      receipt: {
        schema: 1,
        tool: name,
        store_id: name,
        version: "1.0.0",
        platform: "linux-x64-glibc",
        kind,
        artifacts: [],
        bin,
        signature: "not-offered",
        installed_at: "2026-01-01T00:00:00Z",
        haft_version: "0",
      },
    },
  };
}

async function withRoot(test: (root: string) => void): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("findExecutable() finds a tool by its name, by an executable of it, and a package by its last part", () =>
  withRoot((root) => {
    const tools = [
      tool(root, { name: "ripgrep", bin: { rg: "bin/rg" } }),
      tool(root, { name: "node", bin: { node: "bin/node", npm: "bin/npm" } }),
      tool(root, { name: "npm:@scope/cli", bin: { cli: "cli.js", other: "other.js" } }),
    ];
    const found = (name: string) =>
      findExecutable(name, tools, { catalogue: builtInCatalogue }).path.slice(root.length + 1);
    assertEquals(["ripgrep", "rg", "node", "nodejs", "npm", "cli", "npm:@scope/cli", "other"].map(found), [
      "ripgrep/bin/rg",
      "ripgrep/bin/rg",
      "node/bin/node",
      "node/bin/node",
      "node/bin/npm",
      "npm+@scope+cli/cli.js",
      "npm+@scope+cli/cli.js",
      "npm+@scope+cli/other.js",
    ]);
  }));

Deno.test("findExecutable() says what is the matter, and the next step", () =>
  withRoot((root) => {
    const tools = [
      tool(root, { name: "biome" }),
      tool(root, { name: "zig", elsewhere: true }),
      tool(root, { name: "many", bin: { one: "one", two: "two" } }),
    ];
    const rows: [name: string, message: string, next: string | undefined][] = [
      ["biome", "biome 1.0.0 is not installed (haft.toml asks for it)", 'Run "haft sync"'],
      [
        "zig",
        '"zig" is only for win32 (haft.toml)',
        `Add "${process.platform}" to its os there, and run "haft sync"`,
      ],
      ["many", '"many" has several executables, none of its own name', "Name one of them: one, two"],
      ["biom", 'No tool of this project provides "biom"', 'Did you mean "biome"?'],
      ["deno", 'No tool of this project provides "deno"', 'Add it with "haft use deno"'],
    ];
    for (const [name, message, next] of rows) {
      const error = assertThrows(
        () => findExecutable(name, tools, { catalogue: builtInCatalogue, manifestPath: "/p/haft.toml" }),
        HaftError,
      );
      assertEquals([error.message, error.next], [message, next]);
    }
  }));

Deno.test("findExecutable() refuses an executable that leads out of its tool's directory, and one that is gone", () =>
  withRoot((root) => {
    const escaping = tool(root, { name: "evil", bin: {} });
    if (escaping.installed === undefined) throw new Error("not installed");
    mkdirSync(escaping.installed.directory, { recursive: true });
    symlinkSync("/bin/sh", join(escaping.installed.directory, "evil"));
    escaping.installed.receipt.bin = { evil: "evil" };
    assertThrows(
      () => findExecutable("evil", [escaping], { catalogue: builtInCatalogue }),
      HaftError,
      "it leads out of the tool's directory",
    );
    escaping.installed.receipt.bin = { evil: "gone" };
    assertThrows(
      () => findExecutable("evil", [escaping], { catalogue: builtInCatalogue }),
      HaftError,
      "is missing",
    );
  }));

Deno.test("scriptCommand() runs scripts for JavaScript by the project's node, then one on PATH, then the project's bun", () =>
  withRoot((root) => {
    const script = join(root, "cli.js");
    writeFileSync(script, "#!/usr/bin/env node\n");
    const onPath = join(root, "path", "node");
    mkdirSync(dirname(onPath));
    writeFileSync(onPath, "", { mode: 0o755 });
    const installed = (given: Given) => {
      const { installed } = tool(root, given);
      if (installed === undefined) throw new Error("not installed");
      return installed;
    };
    const node = installed({ name: "node", bin: { node: "bin/node" } });
    const bun = installed({ name: "bun", bin: { bun: "bun" } });
    const chosen = (tools: typeof node[], PATH: string) =>
      scriptCommand(script, { env: { PATH }, tools, paths: { state: root } })
        .file;
    assertEquals(chosen([bun, node], dirname(onPath)), join(root, "node/bin/node"));
    assertEquals(chosen([bun], dirname(onPath)), onPath);
    assertEquals(chosen([bun], ""), join(root, "bun/bun"));
    writeFileSync(onPath, "");
    chmodSync(onPath, 0o644);
    assertEquals(
      chosen([bun], dirname(onPath)),
      join(root, "bun/bun"),
      "a file that is no program is no node",
    );
    const { args } = scriptCommand(script, {
      env: { PATH: "" },
      tools: [bun],
      paths: { state: root },
    });
    assertEquals(
      [args[0], args.at(-1)],
      ["--no-env-file", script],
      "the current directory's .env is not the tool's",
    );
    assertThrows(() => chosen([], ""), HaftError, "needs a JavaScript runtime");
  }));

Deno.test("scriptCommand() starts a shell script and a native program by themselves", () =>
  withRoot((root) => {
    for (const head of ["#!/bin/sh\necho\n", "\x7fELF\x02"]) {
      const file = join(root, "tool");
      writeFileSync(file, head);
      assertEquals(
        scriptCommand(file, { env: {}, tools: [], paths: { state: root } }),
        {
          file,
          args: [],
          env: {},
        },
      );
    }
  }));
