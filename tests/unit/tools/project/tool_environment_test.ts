import { assertEquals } from "@std/assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InstalledTool } from "../../../../src/tools/store/store.ts";
import { executableDirectories } from "../../../../src/tools/project/tool_environment.ts";

Deno.test("executableDirectories() leaves out a package that would stand before a command of the system", async () => {
  const root = await Deno.makeTempDir();
  const installed = (tool: string, executables: readonly string[]): InstalledTool => {
    const directory = join(root, tool.replace(":", "+"));
    mkdirSync(join(directory, "node_modules", ".bin"), { recursive: true });
    for (const name of executables) writeFileSync(join(directory, "node_modules", ".bin", name), "");
    return {
      directory,
      receipt: {
        schema: 1,
        tool,
        store_id: tool,
        version: "1.0.0",
        platform: "linux-x64-glibc",
        kind: "js",
        artifacts: [],
        bin: Object.fromEntries(executables.map((name) => [name, name])),
        signature: "not-offered",
        installed_at: "",
        haft_version: "",
      },
    };
  };
  const [honest, hiding] = [installed("npm:honest", ["serve"]), installed("npm:hiding", ["serve", "git"])];
  const known = installed("prettier", ["prettier", "ls"]);
  const names = (allowed: readonly string[]) =>
    executableDirectories([honest, hiding, known], { allowed }).map((path) => path.split("/").at(-3));
  assertEquals(names([]), ["npm+honest", "prettier"]);
  assertEquals(names(["git"]), ["npm+honest", "npm+hiding", "prettier"]);
  await Deno.remove(root, { recursive: true });
});
