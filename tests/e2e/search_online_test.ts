import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createServer } from "node:http";
import { binary, Sandbox } from "./support.ts";

/** Registries that answer searches as their documentation says; GitHub's is out of order. */
async function registries() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    asked.push(url);
    const json = (value: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (url.startsWith("/npm/-/v1/search?text=acme%20lint&")) {
      return json({ objects: [{ package: { name: "@acme/lint", description: "Lints acme" } }] });
    }
    if (url === "/index/config.json") return json({ dl: `${address()}/dl`, api: `${address()}/api` });
    if (url.startsWith("/api/api/v1/crates?q=acme%20lint&")) {
      return json({ crates: [{ name: "acme-lint", description: null }] });
    }
    if (url === "/simple/acme-lint/") {
      const file = {
        filename: "acme_lint-1.0-py3-none-any.whl",
        url: "x.whl",
        hashes: { sha256: "0".repeat(64) },
      };
      return json({ files: [file] });
    }
    response.writeHead(url.startsWith("/github/") ? 500 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = () => {
    const bound = server.address();
    return `http://127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  };
  return {
    asked,
    env: {
      npm_config_registry: `${address()}/npm/`,
      PIP_INDEX_URL: `${address()}/simple/`,
      CARGO_SOURCE_CRATES_IO_REPLACE_WITH: "ours",
      CARGO_SOURCE_OURS_REGISTRY: `sparse+${address()}/index/`,
      GITHUB_API_URL: `${address()}/github`,
      GITHUB_TOKEN: "token",
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("haft search --online asks every registry of the user's clients, and tells the one that fails", async () => {
  await using server = await registries();
  await using sandbox = await Sandbox.create();
  const run = (args: string[]) => sandbox.run(binary, { args, env: server.env });
  const found = await run(["search", "--online", "acme", "lint", "--json"]);
  assertEquals(found.code, 0, found.stderr);
  assertEquals(
    JSON.parse(found.stdout).map(({ tool, description, sources }: Record<string, unknown>) => [
      tool,
      description,
      sources,
    ]),
    [
      ["npm:@acme/lint", "Lints acme", ["npm"]],
      ["pypi:acme-lint", "", ["pypi"]],
      ["cargo:acme-lint", "", ["cargo"]],
    ],
  );
  assertMatch(found.stderr, /^Note: github: .*500/m);
  assertEquals(server.asked.some((url) => url.startsWith("/github/search/repositories?q=acme%20lint")), true);

  const offline = await run(["search", "acme"]);
  assertEquals(offline.code, 1);
  const none = await run(["search", "--online", "nothing-of-that"]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, 'Nothing in the catalogue or the registries has "nothing-of-that"');
  assertEquals((await run(["search", "--online"])).code, 2);
});
