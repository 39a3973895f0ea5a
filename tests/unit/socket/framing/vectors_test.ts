import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, verdictOn } from "../../../../scripts/support/frame_verdict.ts";
import { projectRoot } from "../../../../scripts/support/project.ts";
import { type FrameVector, vectorFiles } from "../../../../scripts/support/vectors.ts";

function vectors(name: string): unknown {
  return JSON.parse(readFileSync(join(projectRoot, "tests", "vectors", name), "utf8"));
}

for (const [name, content] of Object.entries(vectorFiles())) {
  Deno.test(`${name} is what scripts/make_vectors.ts would write`, () => {
    assertEquals(vectors(name), JSON.parse(JSON.stringify(content)));
  });
}

Deno.test("a stream's values and refusal do not depend on where it is cut", () => {
  for (const { name, pieces, max_frame_bytes, framing, count, values, refusal } of frames()) {
    const bytes = bytesOf(pieces);
    for (const chunk of bytes.length < 4096 ? [4096, 7, 1] : [65536, 4097]) {
      const verdict = verdictOn(bytes, { maxFrameBytes: max_frame_bytes, chunk });
      assertEquals(
        { framing: verdict.framing, count: verdict.values.length, refusal: verdict.refusal },
        { framing, count, refusal },
        `${name}, in chunks of ${chunk}`,
      );
      if (values !== undefined) {
        assertEquals(verdict.values.map((value) => JSON.stringify(value)), values, name);
      }
    }
  }
});

function frames(): FrameVector[] {
  return vectors("frames.json") as FrameVector[];
}
