import { randomBytes } from "node:crypto";
import { builtInCatalogue } from "../../src/tools/catalogue/catalogue.ts";
import { PLATFORMS } from "../../src/tools/platform.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";

const USUAL: readonly (readonly [tool: string, version: string])[] = [
  ["esbuild", "1.0.0"],
  ["esbuild", "1.2.0"],
  ["biome", "2.0.0"],
];

/**
 * A registry with tools of the catalogue, for every platform; esbuild 1.0.0 and 1.2.0 and biome 2.0.0 unless
 * others are named. Their executables are scripts that print their name, version and arguments; `--exit=N`
 * ends them with N.
 */
export async function fakeTools(tools = USUAL): Promise<LoopbackRegistry> {
  const registry = await LoopbackRegistry.start();
  for (const [tool, version] of tools) {
    await publishTool(registry, { tool, version, script: script(tool, version) });
  }
  return registry;
}

/**
 * Publishes a native tool of the catalogue for every platform; each of its executables is the script.
 * @param padding bytes of random data beside it, enough that a slow server is still at it when a test
 * interrupts
 */
export async function publishTool(
  registry: LoopbackRegistry,
  { tool, version, script, padding = 200_000 }: {
    tool: string;
    version: string;
    script: string | Uint8Array;
    padding?: number;
  },
): Promise<void> {
  const source = builtInCatalogue.entry(tool)?.sources.find((one) => one.source === "npm");
  const [build] = source?.source === "npm" ? source.builds ?? [] : [];
  if (source?.source !== "npm" || build?.kind !== "native") throw new Error(`${tool} is no native npm tool`);
  await registry.addPackage({ name: source.versions, version });
  const words = new Set(PLATFORMS.flatMap((platform) => build.platforms[platform] ?? []));
  for (const word of words) {
    const executables = (word.startsWith("win") ? build.windows_bin : undefined) ?? build.bin;
    // A script comes from a package of its own.
    const own = Object.values(executables).filter((path) =>
      !Object.hasOwn(build.scripts ?? {}, path.replace(/\.cmd$/, ""))
    );
    const files = own.map((path) =>
      [path.replaceAll("{exe}", word.startsWith("win") ? ".exe" : ""), {
        content: script,
        mode: 0o755,
      }] as const
    );
    await registry.addPackage({ name: build.package.replaceAll("{platform}", word), version }, {
      ...Object.fromEntries(files),
      "share/data.bin": randomBytes(padding),
    });
  }
}

function script(tool: string, version: string): string {
  return [
    "#!/bin/sh",
    `printf '%s' '${tool} ${version}: '`,
    "printf '%s|' \"$@\"",
    "echo",
    'for argument; do case $argument in --exit=*) exit "${argument#--exit=}";; esac; done',
    "",
  ].join("\n");
}
