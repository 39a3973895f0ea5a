import { assertEquals } from "@std/assert";
import { unpackTar } from "modern-tar";
import { gunzipSync } from "node:zlib";
import { packTarball } from "../../support/pack_tarball.ts";

const FILES = {
  "bin/tool": { content: "#!/bin/sh\n", mode: 0o755 },
  "README.md": "text",
  "link": { symlink: "bin/tool" },
};

Deno.test("packTarball() writes content, modes and links below one folder", async () => {
  const entries = await unpackTar(gunzipSync(await packTarball(FILES, { root: "turbo" })));
  assertEquals(entries.map(({ header }) => [header.name, header.type, header.mode, header.linkname ?? ""]), [
    ["turbo/bin/tool", "file", 0o755, ""],
    ["turbo/README.md", "file", 0o644, ""],
    ["turbo/link", "symlink", 0o777, "bin/tool"],
  ]);
});

Deno.test("packTarball() gives the same bytes for the same files", async () => {
  assertEquals(await packTarball(FILES), await packTarball(FILES));
});
