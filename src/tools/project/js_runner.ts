import { closeSync, openSync, readSync } from "node:fs";
import { Buffer } from "node:buffer";
import { type Env, envValue } from "../../base/env.ts";
import { HaftError } from "../../base/errors.ts";
import type { Paths } from "../../base/paths.ts";
import { runtime } from "../../runtime/mod.ts";
import type { InstalledTool } from "../store/store.ts";
import { executablesOf } from "./installed_tools.ts";
import { programOnPath } from "../program_on_path.ts";
import { isolatedBunFlags, ownBun, ownBunFlags, type ScriptCommand } from "./own_bun.ts";

export interface JsRunnerContext {
  env: Env;
  /** The project's tools. */
  tools: readonly InstalledTool[];
  /** @throws {HaftError} when the project asks for that runtime and does not have it */
  requireInstalled?: (name: string) => void;
  paths: Pick<Paths, "state">;
}

/**
 * Chooses what runs a script: the project's node, a node on PATH, the project's bun, or haft itself, which as
 * a compiled binary is a complete Bun.
 *
 * @throws {HaftError} when there is none of them
 */
export function scriptCommand(script: string, context: JsRunnerContext): ScriptCommand {
  if (!isForJavaScript(script)) return { file: script, args: [], env: {} };
  const own = projectExecutable("node", context.tools);
  if (own === undefined) context.requireInstalled?.("node");
  const node = own ??
    programOnPath("node", { PATH: envValue(context.env, "PATH") });
  if (node !== undefined) return { file: node, args: [script], env: {} };
  const stateDirectory = context.paths.state;
  const bun = projectExecutable("bun", context.tools);
  if (bun !== undefined) return { file: bun, args: [...isolatedBunFlags(stateDirectory), script], env: {} };
  const self = ownRuntime();
  if (self !== undefined) return ownBun(script, { self, stateDirectory });
  throw new HaftError(`"${script}" needs a JavaScript runtime, and there is none`, {
    next: 'Add one to the project: "haft use node"',
  });
}

/**
 * Writes what scripts need to be run by haft itself, which is done when one is installed: where the home is
 * read-only later, as in an image, they run all the same.
 */
export function prepareOwnRuntime({ state }: Pick<Paths, "state">): void {
  const self = ownRuntime();
  if (self !== undefined) ownBunFlags({ self, stateDirectory: state });
}

function ownRuntime(): string | undefined {
  const [self] = runtime.selfCommand();
  return runtime.isCompiled && runtime.name === "bun" ? self : undefined;
}

function projectExecutable(name: string, tools: readonly InstalledTool[]): string | undefined {
  for (const tool of tools) {
    if (tool.receipt.kind === "native" && Object.hasOwn(tool.receipt.bin, name)) {
      return executablesOf(tool)[name];
    }
  }
  return undefined;
}

/**
 * A package may also bring a shell script or a native program as its executable; those start by themselves.
 */
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
