import { noServices } from "../../support/artifact_server.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HaftError } from "../../../src/base/errors.ts";
import { createHttpClient } from "../../../src/tools/http/http_client.ts";
import { createDocuments } from "../../../src/tools/registry/metadata_client.ts";
import { createNpmRegistry } from "../../../src/tools/registry/npm_registry.ts";
import type { ResolveDeps } from "../../../src/tools/sources/source.ts";
import { resolveTool } from "../../../src/tools/resolve/resolve_tool.ts";
import { sha512, toolRequest } from "../../unit/tools/lockfile/fixtures.ts";

/**
 * Runs `work` with the real clients against a server on loopback that answers from a table and counts what it
 * is asked.
 */
async function withServer(
  answers: Record<string, unknown>,
  work: (deps: ResolveDeps, asked: string[]) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const answer = answers[decodeURIComponent(path)];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? { error: "Not found" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = await Deno.makeTempDir();
  try {
    const http = createHttpClient({ mirrors: { "https://nodejs.org/dist/": `${base}/dist/` } });
    const registry = createNpmRegistry({
      http,
      env: { NPM_CONFIG_REGISTRY: `${base}/`, HOME: home },
      projectDir: home,
      home,
      metadataDir: `${home}/metadata`,
      offline: false,
    });
    const documents = createDocuments({ http, directory: `${home}/documents`, offline: false });
    await work({ ...noServices, documents, registry }, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(home, { recursive: true });
  }
}

function manifest(name: string, version: string) {
  return { name, version, dist: { tarball: "http://127.0.0.1:1/elsewhere.tgz", integrity: sha512("A") } };
}

Deno.test("resolveTool() locks a native tool through the real registry client", async () => {
  const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"];
  const answers: Record<string, unknown> = { "/esbuild/latest": manifest("esbuild", "0.28.2") };
  for (const platform of platforms) {
    answers[`/@esbuild/${platform}/0.28.2`] = manifest(`@esbuild/${platform}`, "0.28.2");
  }
  await withServer(answers, async (deps, asked) => {
    const locked = await resolveTool(toolRequest("esbuild", "latest"), deps);
    assertEquals([locked.version, Object.keys(locked.platforms).length], ["0.28.2", 8]);
    assertEquals(asked.length, 7);
    assertEquals(asked.some((path) => path.includes(".tgz")), false);
  });
});

Deno.test("resolveTool() reports an unknown version through the real registry client", async () => {
  const answers = {
    "/prettier": {
      name: "prettier",
      "dist-tags": { latest: "3.9.0" },
      versions: { "3.9.0": manifest("prettier", "3.9.0") },
    },
  };
  await withServer(answers, async (deps) => {
    const error = await assertRejects(
      () => resolveTool(toolRequest("prettier", "3.99.0"), deps),
      HaftError,
      'Unknown version "3.99.0" of tool "prettier" (haft.toml: tools.prettier)',
    );
    assertEquals(error.next, 'Did you mean "3.9.0"?');
  });
});

Deno.test("resolveTool() locks node from a mirror, under its official address", async () => {
  const sum = "0123456789abcdef".repeat(4);
  const answers = {
    "/dist/index.json": [{ version: "v22.12.0", lts: "Jod" }, { version: "v23.1.0", lts: false }],
    "/dist/v22.12.0/SHASUMS256.txt":
      `${sum}  node-v22.12.0-linux-x64.tar.gz\n${sum}  node-v22.12.0-win-x64.zip\n`,
  };
  await withServer(answers, async (deps, asked) => {
    const locked = await resolveTool(toolRequest("node", "lts/*"), deps);
    assertEquals([locked.version, Object.keys(locked.platforms)], ["22.12.0", [
      "linux-x64-glibc",
      "win32-x64",
    ]]);
    const [artifact] = locked.platforms["linux-x64-glibc"] ?? [];
    assertEquals(
      artifact?.kind === "http" && artifact.url,
      "https://nodejs.org/dist/v22.12.0/node-v22.12.0-linux-x64.tar.gz",
    );
    assertEquals(asked, ["/dist/index.json", "/dist/v22.12.0/SHASUMS256.txt"]);
  });
});
