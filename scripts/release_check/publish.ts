import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import * as v from "valibot";
import settings from "../../deno.json" with { type: "json" };
import { publishTool } from "../../tests/e2e/fake_tools.ts";
import { type LoopbackManifest, LoopbackRegistry } from "../../tests/support/loopback_registry.ts";
import { projectRoot } from "../support/project.ts";

/** Where Python's packages are, beside the npm registry (PEP 503). */
export const SIMPLE_INDEX = "/simple/";

const dist = join(projectRoot, "dist");

/** A release in dist/, as a registry and a releases' page on loopback give it out. */
export interface PublishedRelease extends AsyncDisposable {
  version: string;
  registry: LoopbackRegistry;
  /** What HAFT_MIRROR names. */
  url: string;
  /** The bytes that clients have fetched since the last call. */
  takeBytes(): number;
}

export async function publishRelease(): Promise<PublishedRelease> {
  const { version } = settings;
  const registry = await LoopbackRegistry.start();
  const sizes = new Map<string, number>();
  for (const name of readdirSync(join(dist, "npm"))) {
    const tarball = readFileSync(join(dist, "npm", name));
    const manifest = await manifestIn(tarball);
    sizes.set(registry.addTarball(manifest, tarball).path, tarball.length);
    const dependencies = v.parse(v.optional(v.record(v.string(), v.string()), {}), manifest["dependencies"]);
    for (const dependency of Object.keys(dependencies)) await addInstalled(registry, dependency);
  }
  const links: string[] = [];
  for (const name of readdirSync(join(dist, "python"))) {
    const content = readFileSync(join(dist, "python", name));
    registry.addFile(`/files/${name}`, content);
    sizes.set(`/files/${name}`, content.length);
    links.push(`<a href="/files/${name}">${name}</a>`);
  }
  registry.addFile(`${SIMPLE_INDEX}haft-ipc/`, links.join("\n"), { type: "text/html" });
  for (const name of readdirSync(join(dist, "release"))) {
    const content = readFileSync(join(dist, "release", name));
    for (const directory of [`v${version}`, "latest"]) {
      registry.addFile(`/releases/${directory}/${name}`, content);
      sizes.set(`/releases/${directory}/${name}`, content.length);
    }
  }
  const script = '#!/bin/sh\necho "esbuild ran"\n';
  await publishTool(registry, { tool: "esbuild", version: "1.0.0", script, padding: 1000 });
  return {
    version,
    registry,
    url: new URL("releases", registry.url).href,
    takeBytes() {
      const paths = registry.requests.splice(0).map(({ path }) => decodeURIComponent(path));
      return paths.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
    },
    [Symbol.asyncDispose]: () => registry.close(),
  };
}

/** Publishes a package as it lies in this checkout's node_modules. */
async function addInstalled(registry: LoopbackRegistry, name: string): Promise<void> {
  const directory = join(projectRoot, "node_modules", name);
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  )
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  const files = Object.fromEntries(
    paths.map((path) => [path, { content: readFileSync(join(directory, path)) }]),
  );
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  await registry.addPackage(manifest, files);
}

async function manifestIn(tarball: Uint8Array): Promise<LoopbackManifest> {
  const entries = await unpackTar(gunzipSync(tarball), {
    filter: ({ name }) => name === "package/package.json",
  });
  return JSON.parse(new TextDecoder().decode(entries[0]?.data));
}
