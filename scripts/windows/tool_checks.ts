import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { publishTool } from "../../tests/e2e/fake_tools.ts";
import { LoopbackRegistry } from "../../tests/support/loopback_registry.ts";
import type { Check, Programs } from "./checks.ts";
import { wineEnds, type WineOptions } from "./wine.ts";

/** A project of two tools in the prefix's drive C, and the registry that they come from. */
export class ToolWorld implements AsyncDisposable {
  readonly project: string;
  readonly #registry: LoopbackRegistry;

  private constructor(project: string, registry: LoopbackRegistry) {
    this.project = project;
    this.#registry = registry;
  }

  /** @param tool fake_tool.c, compiled */
  static async create(prefix: string, tool: string): Promise<ToolWorld> {
    const registry = await LoopbackRegistry.start();
    const script = readFileSync(tool);
    await publishTool(registry, { tool: "esbuild", version: "1.2.0", script });
    await publishTool(registry, { tool: "biome", version: "2.0.0", script });
    const project = join(prefix, "drive_c", "project");
    mkdirSync(project);
    writeFileSync(join(project, "haft.toml"), MANIFEST);
    return new ToolWorld(project, registry);
  }

  /** In the project, with the registry, and with the directory of shims on PATH. */
  get options(): WineOptions {
    return {
      cwd: this.project,
      env: { npm_config_registry: this.#registry.url, NO_PROXY: "127.0.0.1", WINEPATH: SHIMS },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry[Symbol.asyncDispose]();
  }
}

/** What the apps' processes are known by. */
export const APP_WORDS = { list: "haft-check-list", text: "haft-check-text" };

const MANIFEST = `
[tools]
esbuild = "1.2.0"
biome = "2.0.0"

[apps.list]
command = ["esbuild", "--sleep", "${APP_WORDS.list}"]

[apps.text]
command = "echo from cmd & biome --sleep ${APP_WORDS.text}"

[tasks.text]
run = "echo task & biome checked"

[tasks.list]
run = ["biome", "a b", 'c"d']

[tasks.fails]
run = ["esbuild", "--exit=7"]
`;

const SHIMS = `C:\\users\\${userInfo().username}\\AppData\\Local\\haft\\shims`;

/** Tools are installed and run, by haft and by shims. They run in this order. */
export function toolChecks({ haft }: Programs, world: ToolWorld): Check[] {
  const run = async (argv: readonly string[], code: number, text: string) =>
    await wineEnds(argv, { ...world.options, code, text });
  const ends = (name: string, argv: readonly string[], text: string, code = 0): Check => ({
    name,
    run: async () => void await run(argv, code, text),
  });
  return [
    ends("haft sync installs two tools from a registry", [haft, "sync"], "2 tools installed"),
    ends("haft sync has nothing to do a second time", [haft, "sync"], "up to date"),
    {
      name: "haft ls lists both tools with their versions",
      run: async () => {
        const listed = await run([haft, "ls"], 0, "esbuild");
        if (!/esbuild +1\.2\.0/.test(listed) || !/biome +2\.0\.0/.test(listed)) throw new Error(listed);
      },
    },
    ends(
      "haft which names the executable",
      [haft, "which", "biome"],
      String.raw`\store\biome\2.0.0\ `.trim(),
    ),
    ends(
      "haft x runs one tool",
      [haft, "x", "esbuild", "a b", 'c"d', "%PATH%"],
      'esbuild [a b] [c"d] [%PATH%]',
    ),
    ends("haft x runs the other, a second time from what it remembers", [haft, "x", "biome"], "biome"),
    ends("haft x ends with the tool's exit code", [haft, "x", "biome", "--exit=9"], "biome [--exit=9]", 9),
    ends("haft env --shell powershell sets PATH", [haft, "env", "--shell", "powershell"], "$env:PATH = 'C:"),
    ends(
      "haft completions powershell prints a script",
      [haft, "completions", "powershell"],
      "Register-ArgumentCompleter",
    ),
    ends("haft complete offers what the completions ask for", [haft, "complete", "--", "whi"], "which"),
    ends("haft doctor finds the shims on PATH", [haft, "doctor"], "the shims are on it"),
    ends("cmd.exe runs a tool by its shim", ["cmd", "/c", "esbuild", "one", "a b"], "esbuild [one] [a b]"),
    ends("a shim ends with the tool's exit code", ["cmd", "/c", "biome --exit=5"], "biome [--exit=5]", 5),
    { name: "PowerShell runs a tool by its shim", skipped: "Wine has no PowerShell" },
    { name: "install.ps1 installs haft", skipped: "Wine has no PowerShell" },
  ];
}
