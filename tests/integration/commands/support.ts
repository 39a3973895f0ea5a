import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { Context } from "../../../src/cli/command.ts";
import { run } from "../../../src/cli/run.ts";
import { hostPlatform } from "../../../src/tools/host_platform.ts";
import { Recorder } from "../../unit/cli/support.ts";

/** A home and a project of the test's own; commands run in this process. */
export interface World {
  root: string;
  project: string;
  /** Runs a command line in the project's directory, or one below it. */
  haft(args: readonly string[], options?: { cwd?: string; env?: Record<string, string> }): Promise<Outcome>;
  /** Writes a file of the project. */
  write(name: string, text: string): void;
  /** Puts a native tool into the store, as an install would have. */
  installed(tool: string, version: string, executables: Record<string, string>): string;
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export async function inWorld(test: (world: World) => Promise<void>): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "haft-commands-" }));
  const project = join(root, "home", "project");
  const home = join(root, "home");
  mkdirSync(project, { recursive: true });
  const paths = resolvePaths({ env: { HAFT_HOME: join(root, "haft") }, platform: "linux", home });
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  };
  try {
    await test({
      root,
      project,
      write: (name, text) => write(join(project, name), text),
      async haft(args, { cwd = project, env = {} } = {}) {
        const [stdout, stderr] = [new Recorder(), new Recorder()];
        const context: Context = {
          cwd,
          env: { PATH: "/usr/bin:/bin", ...env },
          home,
          platform: "linux",
          paths,
          stdin: { isTTY: false },
          stdout,
          stderr,
          signal: new AbortController().signal,
          lendTerminal: () => ({ interrupted: false, [Symbol.dispose]() {} }),
          onFurtherSignal: () => ({ [Symbol.dispose]() {} }),
          version: "0.0.0",
        };
        return { code: await run(args, context), stdout: stdout.text, stderr: stderr.text };
      },
      installed(tool, version, executables) {
        const directory = join(paths.store, tool, version);
        for (const path of Object.values(executables)) write(join(directory, path), "#!/bin/sh\n", 0o755);
        const receipt = {
          schema: 1,
          tool,
          store_id: tool,
          version,
          platform: hostPlatform(),
          kind: "native",
          artifacts: [],
          bin: executables,
          signature: "not-offered",
          origin: "resolved",
          installed_at: "2026-01-01T00:00:00Z",
          haft_version: "0.0.0",
        };
        write(join(directory, ".haft", "receipt.json"), JSON.stringify(receipt));
        return directory;
      },
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
