import { publishTool } from "../../tests/e2e/fake_tools.ts";
import type { LoopbackRegistry } from "../../tests/support/loopback_registry.ts";

const program = (content: string) => ({ content, mode: 0o755 });

/** What the victim's own registry has: tools that do no harm. */
export async function publishTools(registry: LoopbackRegistry): Promise<void> {
  const script = '#!/bin/sh\necho "the real one"\n';
  for (const [tool, version] of [["esbuild", "1.0.0"], ["esbuild", "1.2.0"], ["node", "22.0.0"]] as const) {
    await publishTool(registry, { tool, version, script, padding: 100 });
  }
  await registry.addPackage({ name: "helper", version: "1.0.0" }, { "index.js": "" });
  await registry.addPackage({
    name: "prettier",
    version: "3.0.0",
    bin: { prettier: "bin.js" },
    dependencies: { helper: "^1.0.0" },
  }, { "bin.js": program('#!/usr/bin/env node\nrequire("helper");\nconsole.log("the real one");\n') });
}

/** Publishes a package whose executables are all the script. */
export async function publishPackage(
  registry: LoopbackRegistry,
  { name = "evil", script, bin = { [name]: "bin.js" }, ...more }: {
    name?: string;
    script: string;
    bin?: Record<string, string>;
    [field: string]: unknown;
  },
): Promise<void> {
  await registry.addPackage({ name, version: "1.0.0", bin, ...more }, { "bin.js": program(script) });
}
