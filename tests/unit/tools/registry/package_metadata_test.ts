import { assertEquals } from "@std/assert";
import * as v from "valibot";
import { pickManifest, ServedPackument, summarize } from "../../../../src/tools/registry/package_metadata.ts";

function served(document: unknown): ServedPackument {
  return v.parse(ServedPackument, document);
}

const DOCUMENT = {
  name: "tool",
  "dist-tags": { latest: "1.0.0", dangling: "9.9.9" },
  versions: { "1.0.0": { name: "tool", version: "1.0.0", dist: {} }, "1.1.0": { broken: true } },
  time: { created: "2020-01-01", "1.0.0": "2024-01-01T00:00:00.000Z" },
};

Deno.test("summarize() keeps versions and tags", () => {
  assertEquals(summarize(served(DOCUMENT)), {
    name: "tool",
    versions: ["1.0.0", "1.1.0"],
    distTags: { latest: "1.0.0", dangling: "9.9.9" },
  });
});

Deno.test("summarize() takes a package whose versions are all withdrawn", () => {
  assertEquals(summarize(served({ name: "tool", time: { unpublished: {} } })), {
    name: "tool",
    versions: [],
    distTags: {},
  });
});

Deno.test("pickManifest() finds a version by number or tag, with its time", () => {
  const document = served(DOCUMENT);
  assertEquals(pickManifest(document, "1.0.0")?.publishedAt, "2024-01-01T00:00:00.000Z");
  assertEquals(pickManifest(document, "latest")?.version, "1.0.0");
  for (const none of ["1.1.0", "9.9.9", "dangling", "toString", "__proto__"]) {
    assertEquals(pickManifest(document, none), undefined);
  }
});
