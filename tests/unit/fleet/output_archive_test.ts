import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createReadStream, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { packOutputs, unpackOutputs } from "../../../src/fleet/tasks/output_archive.ts";

const { signal } = new AbortController();

/** A directory with a project, and a file beside it. */
function world(): { root: string; project: string; archive: string } {
  const root = Deno.makeTempDirSync();
  const project = join(root, "project");
  mkdirSync(join(project, "dist", "deep"), { recursive: true });
  writeFileSync(join(root, "secret"), "secret");
  writeFileSync(join(project, "dist", "deep", "a"), "a".repeat(100_000));
  writeFileSync(join(project, "dist", "empty"), "");
  symlinkSync("deep/a", join(project, "dist", "link"));
  symlinkSync("../../secret", join(project, "dist", "out"));
  symlinkSync("/etc", join(project, "etc"));
  return { root, project, archive: join(root, "archive") };
}

Deno.test("packOutputs() and unpackOutputs() keep paths, contents and links", async () => {
  const { root, project, archive } = world();
  const files = ["dist/deep/a", "dist/empty", "dist/link"];
  const { sha256, files: count } = await packOutputs({ directory: project, files }, archive, { signal });
  assertEquals(count, 3);
  const to = join(root, "to");
  await unpackOutputs(createReadStream(archive), to, { sha256 });
  assertEquals(readFileSync(join(to, "dist", "link"), "utf8"), "a".repeat(100_000));
  assertEquals(readdirSync(to), ["dist"]);
  const error = await assertRejects(
    () => unpackOutputs(createReadStream(archive), join(root, "other"), { sha256: "0".repeat(64) }),
    HaftError,
  );
  assertStringIncludes(error.message, "is not what the host stored");
  assertEquals(readdirSync(join(root, "other")), []);
});

const REFUSED: [string[], string][] = [
  [["../secret"], "lies outside"],
  [["/etc/passwd"], "lies outside"],
  [["dist/../../secret"], "lies outside"],
  [["etc/passwd"], "lies outside"],
  [["dist/out"], "is a link out of"],
  [["etc"], "is a link out of"],
  [["dist"], "is no file"],
];

for (const [files, why] of REFUSED) {
  Deno.test(`packOutputs() refuses ${files}: it ${why}`, async () => {
    const { project, archive } = world();
    const error = await assertRejects(
      () => packOutputs({ directory: project, files }, archive, { signal }),
      HaftError,
    );
    assertStringIncludes(error.message, why);
  });
}

Deno.test("packOutputs() keeps no more than its limits allow", async () => {
  const { project, archive } = world();
  for (const limits of [{ bytes: 10, files: 10 }, { bytes: 1_000_000, files: 1 }]) {
    const files = ["dist/deep/a", "dist/empty"];
    await assertRejects(
      () => packOutputs({ directory: project, files }, archive, { signal, limits }),
      HaftError,
      "at most",
    );
  }
});
