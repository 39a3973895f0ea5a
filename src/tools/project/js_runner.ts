import { closeSync, openSync, readSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Buffer } from "node:buffer";
import { writeAtomic } from "../../base/write_atomic.ts";
import { type Env, envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import { runtime } from "../../runtime/mod.ts";
import { executablesOf, type InstalledTool } from "./installed_tools.ts";

/** How a JavaScript tool's script is started: a program, and what comes before the tool's own arguments. */
export interface ScriptCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}

export interface JsRunnerContext {
  env: Env;
  /** The project's tools. */
  tools: readonly InstalledTool[];
  /** Where haft keeps its own small files. */
  stateDirectory: string;
}

/**
 * Chooses what runs a script: the project's node, a node on PATH, the project's bun, or haft itself, which as a compiled
 * binary is a complete Bun.
 *
 * @throws {HaftError} when there is none of them
 */
export function scriptCommand(script: string, context: JsRunnerContext): ScriptCommand {
  if (!isForJavaScript(script)) return { file: script, args: [], env: {} };
  const node = projectExecutable("node", context.tools) ?? onPath("node", context.env);
  const program = node ?? projectExecutable("bun", context.tools);
  if (program !== undefined) return { file: program, args: [script], env: {} };
  if (runtime.isCompiled && runtime.name === "bun") return ownRunner(script, context);
  throw new HaftError(`"${script}" needs a JavaScript runtime, and there is none`, {
    next: 'Add one to the project: "haft use node"',
  });
}

/**
 * With BUN_BE_BUN, this binary is Bun. The variable must not reach what the script starts: a haft among that would be a Bun, too.
 */
function ownRunner(script: string, { stateDirectory }: JsRunnerContext): ScriptCommand {
  const preload = join(stateDirectory, "forget_bun.cjs");
  writeAtomic(preload, "delete process.env.BUN_BE_BUN;\n", { durable: false });
  const [self = ""] = runtime.selfCommand();
  return { file: self, args: ["--preload", preload, script], env: { BUN_BE_BUN: "1" } };
}

function projectExecutable(name: string, tools: readonly InstalledTool[]): string | undefined {
  for (const tool of tools) {
    if (tool.receipt.kind === "native" && Object.hasOwn(tool.receipt.bin, name)) {
      return executablesOf(tool)[name];
    }
  }
  return undefined;
}

function onPath(name: string, env: Env): string | undefined {
  for (const directory of (envValue(env, "PATH") ?? "").split(delimiter)) {
    if (directory === "") continue;
    try {
      return realpathSync(join(directory, name));
    } catch {
      // Not here: the next directory.
    }
  }
  return undefined;
}

/** A package may also bring a shell script or a native program as its executable; those start by themselves. */
function isForJavaScript(path: string): boolean {
  const head = Buffer.alloc(128);
  const file = openSync(path, "r");
  try {
    const line = head.toString("latin1", 0, readSync(file, head, 0, head.length, 0)).split("\n")[0] ?? "";
    if (line.startsWith("\x7fELF") || line.startsWith("MZ") || /^[\xca-\xcf][\xfa\xfe]/.test(line)) {
      return false;
    }
    return !line.startsWith("#!") || /\b(node|bun|deno)\b/.test(line);
  } finally {
    closeSync(file);
  }
}
