import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { delay } from "@std/async/delay";
import { deno } from "../support/command.ts";
import { projectRoot } from "../support/project.ts";
import { Background } from "./background.ts";

/**
 * So many small tools in a registry on loopback, which is a process of its own: a benchmark that waits for a
 * command could not answer it.
 */
export class LoopbackTools implements AsyncDisposable {
  readonly #server: Background;
  readonly env: Record<string, string>;

  /** @param bytes of a tool's package, which do not compress */
  static async start(
    directory: string,
    { count, bytes }: { count: number; bytes: number },
  ): Promise<LoopbackTools> {
    const file = join(directory, "registry");
    const script = join(projectRoot, "scripts", "bench", "programs", "registry.ts");
    const argv = [deno, "run", "-A", "--quiet", "--no-check", script, file, `${count}`, `${bytes}`];
    const server = new Background(argv);
    const url = await textOf(file);
    return new LoopbackTools(server, url);
  }

  private constructor(server: Background, url: string) {
    this.#server = server;
    this.env = { npm_config_registry: url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

/** haft.toml that asks for the first so many of them. */
export function loopbackManifest(count: number): string {
  const lines = Array.from({ length: count }, (_, n) => `"npm:bench-tool-${n}" = "1.0.0"\n`);
  return `[tools]\n${lines.join("")}`;
}

/** Puts as many versions of an installed tool beside it, each with its receipt and its files. */
export function addVersions(store: string, tool: string, count: number): void {
  const directory = join(store, tool);
  const receipt = JSON.parse(readFileSync(join(directory, "1.0.0", ".haft", "receipt.json"), "utf8"));
  for (let n = 1; n < count; n++) {
    const version = `0.${n}.0`;
    const target = join(directory, version);
    cpSync(join(directory, "1.0.0"), target, { recursive: true });
    mkdirSync(join(target, ".haft"), { recursive: true });
    writeFileSync(
      join(target, ".haft", "receipt.json"),
      JSON.stringify({ ...receipt, version }, null, 2),
    );
  }
}

async function textOf(file: string): Promise<string> {
  const limit = performance.now() + 60_000;
  while (performance.now() < limit) {
    try {
      return readFileSync(file, "utf8");
    } catch {
      await delay(20);
    }
  }
  throw new Error("The registry on loopback did not start");
}
