import { join } from "node:path";
import type { Tool } from "./project.ts";

/** A setting of another extension that can name a tool of the project. */
export interface OtherSetting {
  extension: string;
  setting: string;
  tool: string;
  value: string;
}

interface Known {
  /** Any of them. */
  extensions: readonly string[];
  setting: string;
  tool: string;
  /** Below the tool's directory in the store, on Unix and on Windows. */
  path: readonly [unix: string, windows: string];
}

const KNOWN: readonly Known[] = [
  {
    extensions: ["ms-python.python"],
    setting: "python.defaultInterpreterPath",
    tool: "python",
    path: ["bin/python3", "python.exe"],
  },
  { extensions: ["golang.go"], setting: "go.goroot", tool: "go", path: ["", ""] },
  {
    extensions: ["denoland.vscode-deno"],
    setting: "deno.path",
    tool: "deno",
    path: ["bin/deno", "bin/deno.exe"],
  },
  {
    extensions: ["biomejs.biome"],
    setting: "biome.lsp.bin",
    tool: "biome",
    path: ["bin/biome", "bin/biome.exe"],
  },
  { extensions: ["oven.bun-vscode"], setting: "bun.runtime", tool: "bun", path: ["bin/bun", "bin/bun.exe"] },
  {
    extensions: ["charliermarsh.ruff"],
    setting: "ruff.interpreter",
    tool: "python",
    path: ["bin/python3", "python.exe"],
  },
  {
    extensions: ["vscode.typescript-language-features"],
    setting: "typescript.tsdk",
    tool: "typescript",
    path: ["node_modules/typescript/lib", "node_modules/typescript/lib"],
  },
  {
    extensions: ["rust-lang.rust-analyzer"],
    setting: "rust-analyzer.server.path",
    tool: "rust-analyzer",
    path: ["bin/rust-analyzer", "bin/rust-analyzer.exe"],
  },
  { extensions: ["redhat.java"], setting: "java.jdt.ls.java.home", tool: "java", path: ["", ""] },
  { extensions: ["ziglang.vscode-zig"], setting: "zig.path", tool: "zig", path: ["bin/zig", "bin/zig.exe"] },
];

export interface OtherContext {
  hasExtension(id: string): boolean;
  exists(path: string): boolean;
  platform: string;
  /** What the setting is now. */
  current(setting: string): unknown;
}

/** Settings that would let an extension use the project's tool and do not yet; only files that exist. */
export function otherSettings(tools: readonly Tool[], context: OtherContext): OtherSetting[] {
  return KNOWN.flatMap(({ extensions, setting, tool, path: [unix, windows] }) => {
    const extension = extensions.find((id) => context.hasExtension(id));
    const directory = tools.find(({ runtime }) => runtime === tool)?.path;
    if (extension === undefined || directory === undefined || directory === null) return [];
    const below = context.platform === "win32" ? windows : unix;
    const value = below === "" ? directory : join(directory, below);
    if (context.current(setting) === value || !context.exists(value)) return [];
    return [{ extension, setting, tool, value }];
  });
}
