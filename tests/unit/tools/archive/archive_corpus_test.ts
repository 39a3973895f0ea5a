import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { tarCases, zipCases } from "../../../support/archive_corpus.ts";
import { checkCase, tarInPieces, zipFromFile } from "../../../support/archive_corpus_check.ts";
import { bundle, findBun, skipBun } from "../../../support/bun_runtime.ts";

Deno.test("the archive corpus has at least 60 cases of each format, each named once", () => {
  for (const cases of [tarCases(), zipCases()]) {
    assertGreaterOrEqual(cases.length, 60);
    assertGreaterOrEqual(cases.filter(({ expected }) => "refused" in expected).length, 60);
    assertEquals(new Set(cases.map(({ name }) => name)).size, cases.length);
  }
});

Deno.test("TarGzExtractor writes nothing outside and lets no hostile archive pass", async (t) => {
  for (const archive of tarCases()) {
    await t.step(archive.name, () => checkCase(archive, tarInPieces(65_536)));
  }
});

Deno.test("TarGzExtractor has the same verdict when the archive comes in small pieces", async () => {
  for (const archive of tarCases()) {
    await checkCase(archive, tarInPieces(archive.bytes.length > 20_000 ? 4_096 : 13));
  }
});

Deno.test("extractZip() writes nothing outside and lets no hostile archive pass", async (t) => {
  for (const archive of zipCases()) await t.step(archive.name, () => checkCase(archive, zipFromFile));
});

Deno.test({ name: "the archive corpus has the same verdicts under Bun", ignore: skipBun }, async () => {
  const directory = await Deno.makeTempDir({ prefix: "haft-corpus-bun-" });
  try {
    const script = await bundle(
      new URL("../../../support/archive_corpus_run.ts", import.meta.url),
      directory,
    );
    const { code, stdout, stderr } = await new Deno.Command(findBun() ?? "", {
      args: ["--no-install", script],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(
      new TextDecoder().decode(stdout),
      `${tarCases().length * 2 + zipCases().length} verdicts as expected\n`,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
