/** `registry.ts FILE COUNT BYTES`: a registry on loopback with so many tools; its address goes to FILE. */
import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { LoopbackRegistry } from "../../../tests/support/loopback_registry.ts";

const [file = "", count = "1", bytes = "0"] = process.argv.slice(2);
const registry = await LoopbackRegistry.start();
for (let n = 0; n < Number(count); n++) {
  const name = `bench-tool-${n}`;
  await registry.addPackage(
    // What it needs comes with it, so that haft unpacks it itself.
    {
      name,
      version: "1.0.0",
      bin: { [name]: "tool" },
      dependencies: { inner: "1" },
      bundleDependencies: ["inner"],
    },
    {
      tool: { content: "#!/bin/sh\n", mode: 0o755 },
      "node_modules/inner/package.json": '{"name":"inner","version":"1.0.0"}',
      "data.bin": randomBytes(Number(bytes)),
    },
  );
}
writeFileSync(`${file}.part`, registry.url);
renameSync(`${file}.part`, file);
