import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builderBun } from "../support/builder.ts";
import { deno, runCommand } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { targetRuntime } from "../support/target_runtime.ts";
import { targetNamed } from "../support/targets.ts";

export interface TestProgram {
  /** The other process of the transport tests, for Windows, with Bun in it. */
  executable: string;
  /** The same for Node: a module. */
  module: string;
}

/** Builds tests/support/transport_peer.ts for Windows. */
export async function buildTestProgram(directory: string): Promise<TestProgram> {
  const bun = await builderBun();
  const target = targetNamed("windows-x64");
  const modules = join(directory, "modules");
  const node = join(directory, "node");
  for (const stale of [modules, node]) rmSync(stale, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const bundler = [deno, "bundle", "--quiet", "--platform=deno", "--external=bun:*", "--code-splitting"];
  await mustRun([...bundler, "--outdir", modules, join("tests", "support", "transport_peer.ts")]);
  const entry = join(modules, "transport_peer.js");
  const shared = ["--format=esm", "--splitting"];
  const executable = join(directory, "transport_peer.exe");
  const runtime = ["--target", target.bun, "--compile-executable-path", await targetRuntime(target)];
  await mustRun([bun, "build", "--compile", ...shared, ...runtime, entry, "--outfile", executable]);
  // For Node 20, which knows no `using`.
  await mustRun([bun, "build", "--target=node", ...shared, entry, "--outdir", node]);
  writeFileSync(join(node, "package.json"), '{"type":"module"}\n');
  return { executable, module: join(node, "transport_peer.js") };
}

async function mustRun(argv: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand(argv, { cwd: projectRoot, output: "capture" });
  if (code !== 0) throw new Error(`${argv.join(" ")} failed:\n${stdout}${stderr}`);
}
