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
import { until } from "../../support/until.ts";
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

const CONVENTIONAL = `/${NAME}/-/demo-linux-x64-1.2.3.tgz`;

Deno.test("installTool() asks for the tarball where npm's convention puts it, before the registry has answered", () =>
  withRegistry({}, async ({ config, deps, registry }) => {
    registry.fault(`/${NAME.replace("/", "%2f")}/1.2.3`, { kind: "silence" });
    const stop = new AbortController();
    const installed = installTool(config, { ...deps, signal: stop.signal });
    await until(() => registry.count(CONVENTIONAL) === 1, "the tarball is asked for");
    stop.abort(new Error("enough"));
    await assertRejects(() => installed, Error, "enough");
  }));

for (const fault of [{ kind: "status", status: 404 }, { kind: "html" }, { kind: "hang-up" }] as const) {
  Deno.test(`installTool() takes the registry's word where the convention is wrong (${fault.kind})`, () =>
    withRegistry({}, async ({ config, deps, registry }) => {
      const path = "/files/of/the/demo.tgz";
      registry.addFile(path, tarball);
      const dist = { tarball: new URL(path, registry.url).href, integrity: config.integrity };
      registry.addFile(
        `/${NAME.replace("/", "%2f")}/1.2.3`,
        JSON.stringify({ name: NAME, version: "1.2.3", dist }),
      );
      registry.fault(CONVENTIONAL, fault);
      await installTool(config, deps);
      assertEquals([registry.count(CONVENTIONAL), registry.count(path)], [1, 1]);
    }));
}
