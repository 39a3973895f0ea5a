import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { includedFiles, PACKAGE_SETTINGS, partsOfFiles } from "../../../src/tasks/foreign/files_it_reads.ts";

async function withFiles(files: Record<string, string>, test: (root: string) => void): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("includedFiles() follows what justfiles and Taskfiles import, include and load, in a circle too", () => {
  const just = "import 'a.just'\nmod web\nmod? api 'services/api'\nbuild:\n  ./build.sh\n";
  const task =
    "includes:\n  docs: ./documentation\n  lib:\n    taskfile: tasks/lib.yml\ndotenv: ['dev.env']\n";
  return withFiles({
    "justfile": just,
    "a.just": "import 'deep/b.just'\n",
    "deep/b.just": "import '../a.just'\n",
    "web/mod.just": "",
    "services/api/justfile": "",
    "build.sh": "",
    ".env": "",
    "Taskfile.yml": task,
    "documentation/Taskfile.yml": "",
    "tasks/lib.yml": "",
    "dev.env": "",
  }, (root) => {
    const read = (file: string, text: string) =>
      includedFiles(join(root, file), text).map((path) => relative(root, path));
    assertEquals(read("justfile", just), [
      ".env",
      "a.just",
      "deep/b.just",
      "services/api/justfile",
      "web/mod.just",
    ]);
    assertEquals(read("Taskfile.yml", task), [
      ".env",
      "dev.env",
      "documentation/Taskfile.yml",
      "tasks/lib.yml",
    ]);
  });
});

Deno.test("partsOfFiles() keeps what runs code, and no secrets", () =>
  withFiles({
    ".npmrc": "//host/:_authToken=secret\nscript-shell=./evil\n",
    ".env": "PASSWORD=secret\nNODE_OPTIONS=--require ./evil\n",
    "plain.env": "PASSWORD=secret\n",
  }, (root) => {
    assertEquals(partsOfFiles(root, [...PACKAGE_SETTINGS, ".env", "plain.env", "missing.yml"]), {
      ".npmrc": { 2: "script-shell=./evil" },
      ".env": { NODE_OPTIONS: "--require ./evil" },
    });
  }));
