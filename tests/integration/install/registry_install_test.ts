import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { createHttpClient } from "../../../src/tools/http/http_client.ts";
import type { InstallDeps } from "../../../src/tools/install/install_deps.ts";
import { installTool } from "../../../src/tools/install/install_tool.ts";
import { createNpmRegistry } from "../../../src/tools/registry/npm_registry.ts";
import { LoopbackRegistry, type LoopbackSettings } from "../../support/loopback_registry.ts";
import { packageTarball } from "../../support/tar_builder.ts";
import { httpConfig, noServices } from "../../support/artifact_server.ts";

const NAME = "@acme/demo-linux-x64";
const tarball = packageTarball({
  "package.json": JSON.stringify({ name: NAME, version: "1.2.3" }),
  "bin/demo": "#!/bin/sh\necho demo\n",
});

interface Sandbox {
  registry: LoopbackRegistry;
  config: InstallConfig;
  deps: InstallDeps;
}

async function withRegistry(
  settings: Partial<LoopbackSettings>,
  body: (box: Sandbox) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "haft-registry-" });
  await using registry = await LoopbackRegistry.start(settings);
  try {
    const { integrity } = registry.addTarball({ name: NAME, version: "1.2.3" }, tarball);
    await Deno.writeTextFile(join(home, ".npmrc"), registry.npmrc());
    const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home });
    const http = createHttpClient({ delay: () => Promise.resolve() });
    const artifact = { kind: "npm" as const, package: NAME, version: "1.2.3", integrity };
    await body({
      registry,
      config: {
        ...httpConfig({ url: "", tarball }),
        artifacts: [{ artifact, format: "tar.gz", strip: 1, into: "" }],
        download_url: null,
      },
      deps: {
        paths,
        ...noServices,
        http,
        registry: createNpmRegistry({
          http,
          env: {},
          projectDir: home,
          home,
          metadataDir: paths.metadata,
          offline: false,
        }),
        report: () => {},
        signal: new AbortController().signal,
        version: "0.1.0",
        env: {},
      },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const ROWS: [signatures: LoopbackSettings["signatures"], recorded: string][] = [
  ["none", "not-offered"],
  ["right", "verified"],
];

for (const [signatures, recorded] of ROWS) {
  Deno.test(`installTool() from a registry whose signature is "${signatures}" records "${recorded}"`, () =>
    withRegistry({ signatures }, async ({ config, deps }) => {
      assertEquals((await installTool(config, deps)).receipt.signature, recorded);
    }));
}

Deno.test("installTool() refuses a package whose signature is wrong", () =>
  withRegistry({ signatures: "wrong" }, async ({ config, deps }) => {
    const error = await assertRejects(() => installTool(config, deps), HaftError);
    assertStringIncludes(error.message, "signature");
  }));

Deno.test("installTool() refuses a package that the registry now names another integrity for", () =>
  withRegistry({}, async ({ config, deps, registry }) => {
    registry.addTarball({ name: NAME, version: "1.2.3" }, packageTarball({ "bin/demo": "changed" }));
    const error = await assertRejects(() => installTool(config, deps), HaftError);
    assertStringIncludes(error.message, `${NAME}@1.2.3`);
  }));

Deno.test("installTool() sends the registry's credentials with the tarball's request", () =>
  withRegistry({ token: "secret" }, async ({ config, deps, registry }) => {
    await installTool(config, deps);
    const sent = registry.requests.map(({ headers }) => headers.authorization);
    assertEquals([...new Set(sent)], ["Bearer secret"]);
  }));
