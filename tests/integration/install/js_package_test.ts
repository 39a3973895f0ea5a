import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { InstallConfig, InstallProgress } from "../../../src/protocol/install.ts";
import { createHttpClient } from "../../../src/tools/http/http_client.ts";
import type { InstallDeps } from "../../../src/tools/install/install_deps.ts";
import { installTool } from "../../../src/tools/install/install_tool.ts";
import { IntegrityError } from "../../../src/tools/integrity.ts";
import { Store } from "../../../src/tools/store/store.ts";
import { noRegistry, noServices } from "../../support/artifact_server.ts";
import { findBun, skipBun } from "../../support/bun_runtime.ts";
import { PackageServer, type ServedPackage } from "../../support/package_server.ts";
import { packageTarball } from "../../support/tar_builder.ts";

const PACKAGES: Record<string, ServedPackage> = {
  "@acme/greet": {
    version: "1.2.3",
    manifest: {
      bin: { greet: "./bin/greet.js" },
      dependencies: { words: "^1.0.0" },
      scripts: { install: "touch ran" },
    },
    files: { "bin/greet.js": 'console.log(require("words"));' },
  },
  words: { version: "1.1.0", files: { "index.js": 'module.exports = "hello";' } },
};

interface Sandbox {
  home: string;
  server: PackageServer;
  store: Store;
  config: InstallConfig;
  deps: InstallDeps;
  progress: InstallProgress[];
}

async function inSandbox(body: (box: Sandbox) => Promise<void>, packages = PACKAGES): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "haft-js-" });
  await using server = await PackageServer.start(packages);
  const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home });
  const progress: InstallProgress[] = [];
  const integrity = server.integrity["@acme/greet"] ?? "";
  const bun = findBun() ?? "";
  try {
    await body({
      home,
      server,
      progress,
      store: new Store(paths),
      config: {
        tool_name: "greet",
        version: "1.2.3",
        store_id: "npm+@acme+greet",
        platform: "linux-x64-glibc",
        kind: "js",
        artifacts: [{
          artifact: { kind: "npm", package: "@acme/greet", version: "1.2.3", integrity },
          format: "tar.gz",
          strip: 1,
          into: "",
        }],
        bin: {},
        options: {},
        install_env: {},
        download_url: null,
        integrity,
        dependencies_lock: null,
        project_dir: home,
        force: false,
        offline: false,
      },
      deps: {
        paths,
        ...noServices,
        http: createHttpClient(),
        registry: {
          ...noRegistry,
          npmrc: () => Promise.resolve(`registry=${server.url}\n`),
          manifest: (name) => Promise.resolve({ dist: { integrity }, ...packages[name]?.manifest }),
          verifySignature: () => Promise.resolve("not-offered"),
        },
        report: (event) => progress.push(event),
        signal: new AbortController().signal,
        version: "0.1.0",
        env: { HOME: home, PATH: "/usr/bin:/bin", NO_PROXY: "127.0.0.1", npm_config_registry: server.url },
        jsInstaller: () => Promise.resolve({ command: [bun], env: { BUN_BE_BUN: "1" } }),
      },
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test(
  { name: "installTool() installs a js package with its dependencies", ignore: skipBun },
  () =>
    inSandbox(async ({ config, deps, store, home, progress }) => {
      const { path, receipt, dependenciesLock } = await installTool(config, deps);
      assertEquals(receipt.bin, { greet: "node_modules/@acme/greet/bin/greet.js" });
      assertEquals(receipt.kind, "js");
      assertEquals(receipt.signature, "not-offered");
      assertEquals(store.receipt("npm+@acme+greet", "1.2.3"), receipt);
      assertEquals(dependenciesLock, readFileSync(join(path, "bun.lock"), "utf8"));
      assert(!existsSync(join(path, "node_modules/@acme/greet/ran")), "an install script ran");

      const run = await new Deno.Command(findBun() ?? "", { args: [join(path, receipt.bin["greet"] ?? "")] })
        .output();
      assertEquals(new TextDecoder().decode(run.stdout), "hello\n");
      const check = await new Deno.Command("sha256sum", {
        args: ["-c", "--quiet", ".haft/files.sha256"],
        cwd: path,
      })
        .output();
      assert(check.success, new TextDecoder().decode(check.stdout));
      assertEquals(readdirSync(join(home, "store/.staging")), []);
      assertEquals([...new Set(progress.map(({ state }) => state))], [
        "started",
        "post_install",
        "completed",
      ]);
    }),
);

Deno.test({
  name: "installTool() gives a lock without addresses that installs from another registry",
  ignore: skipBun,
}, async () => {
  let lock = "";
  await inSandbox(async ({ config, deps, server }) => {
    lock = (await installTool(config, deps)).dependenciesLock ?? "";
    assert(!lock.includes("127.0.0.1") && !lock.includes(server.url), lock);
  });
  const newer = { ...PACKAGES, words: { version: "1.1.0", files: PACKAGES["words"]?.files ?? {} } };
  await inSandbox(async ({ config, deps, server }) => {
    const result = await installTool({ ...config, dependencies_lock: lock }, deps);
    assertEquals(result.dependenciesLock, lock);
    assert(
      server.requests.every(({ path }) => path.includes("/-/")),
      "it resolved again in spite of the lock",
    );
  }, newer);
});

Deno.test(
  { name: "installTool() ignores the lock of another version", ignore: skipBun },
  () =>
    inSandbox(async ({ config, deps }) => {
      const stale =
        '{\n  "packages": {\n    "@acme/greet": ["@acme/greet@1.0.0", "", {}, "sha512-AAAA"],\n  }\n}\n';
      const { dependenciesLock } = await installTool({ ...config, dependencies_lock: stale }, deps);
      assertStringIncludes(dependenciesLock ?? "", "@acme/greet@1.2.3");
    }),
);

Deno.test({
  name: "installTool() refuses a js package whose integrity is not that of haft.lock",
  ignore: skipBun,
}, () =>
  inSandbox(async ({ config, deps, store, home }) => {
    const integrity = `sha512-${"A".repeat(86)}==`;
    const [first] = config.artifacts;
    assert(first?.artifact.kind === "npm");
    const artifacts = [{ ...first, artifact: { ...first.artifact, integrity } }];
    const manifest = () => Promise.resolve({ ...PACKAGES["@acme/greet"]?.manifest, dist: {} });
    const registry = { ...deps.registry, manifest };
    await assertRejects(
      () => installTool({ ...config, artifacts }, { ...deps, registry }),
      IntegrityError,
      "Wrong hash",
    );
    assertEquals(store.list(), []);
    assertEquals(readdirSync(join(home, "store/.staging")), []);
  }));

Deno.test({
  name: "installTool() refuses a tarball that is not what the registry's metadata says",
  ignore: skipBun,
}, async () => {
  for (const name of ["@acme/greet", "words"]) {
    await inSandbox(async ({ config, deps, server, store }) => {
      const version = PACKAGES[name]?.version;
      server.swapped.set(
        name,
        packageTarball({ "package.json": JSON.stringify({ name, version }), evil: "x" }),
      );
      const error = await assertRejects(() => installTool(config, deps), HaftError);
      assertStringIncludes(error.message, "Integrity check failed");
      assertEquals(store.list(), []);
    });
  }
});

Deno.test({
  name: "installTool() hands the registry's credentials to the installer in a file, and keeps no copy",
  ignore: skipBun,
}, () =>
  inSandbox(async ({ config, deps, server }) => {
    server.authorization = "Bearer secret-token";
    const host = new URL(server.url).host;
    const npmrc = () => Promise.resolve(`registry=${server.url}\n//${host}/:_authToken=secret-token\n`);
    const { path } = await installTool(config, { ...deps, registry: { ...deps.registry, npmrc } });
    assert(server.requests.length > 0);
    assert(server.requests.every(({ authorization }) => authorization === "Bearer secret-token"));
    const grep = await new Deno.Command("grep", { args: ["-r", "secret-token", path] }).output();
    assertEquals(grep.code, 1);
  }));

Deno.test({
  name: "the installer sees neither the project's and the user's own files nor their variables",
  ignore: skipBun,
}, () =>
  inSandbox(async ({ config, deps, server, home }) => {
    const host = new URL(server.url).host;
    const lines = `//${host}/:_authToken=\${SECRET}\n//${host}/:_authToken=$SECRET\n`;
    await Deno.writeTextFile(join(home, ".npmrc"), lines);
    await Deno.writeTextFile(join(home, ".bunfig.toml"), '[install]\nregistry = "http://127.0.0.1:1/"\n');
    const env = { ...deps.env, SECRET: "do-not-send", BUN_CONFIG_TOKEN: "do-not-send" };
    const { path } = await installTool(config, { ...deps, env });
    assert(server.requests.length > 0);
    assert(server.requests.every(({ authorization }) => authorization === undefined));
    assertEquals(readdirSync(path).sort(), [".haft", "bun.lock", "node_modules", "package.json"]);
  }));

Deno.test({
  name: "installTool() refuses dependencies from outside the registry, and a setting allows them",
  ignore: skipBun,
}, async (t) => {
  const rows: [what: string, spec: string][] = [
    ["git", "git+http://127.0.0.1:1/a.git"],
    ["a repository's short name", "owner/name"],
    ["GitHub", "github:owner/name"],
    ["plain http", "http://127.0.0.1:1/a.tgz"],
    ["a file", "file:../../a"],
  ];
  for (const [what, spec] of rows) {
    await t.step(what, () =>
      inSandbox(async ({ config, deps, server, store }) => {
        const dist = { integrity: config.integrity };
        const manifest = () => Promise.resolve({ dist, dependencies: { evil: spec } });
        const registry = { ...deps.registry, manifest };
        const error = await assertRejects(() => installTool(config, { ...deps, registry }), HaftError);
        assertEquals(
          error.message,
          `Refused "greet": it has dependencies from outside the registry: evil (${spec})`,
        );
        assertEquals([store.list(), server.requests], [[], []]);
        await installTool({ ...config, remote_dependencies: true }, { ...deps, registry });
      }));
  }
  await t.step("one of a dependency", async () => {
    await using other = await PackageServer.start({ evil: { version: "1.0.0" } });
    const address = `${other.url}evil/-/evil-1.0.0.tgz`;
    const words = { version: "1.1.0", manifest: { dependencies: { evil: address } } };
    await inSandbox(async ({ config, deps, server, store }) => {
      const host = new URL(server.url).host;
      const npmrc = () => Promise.resolve(`registry=${server.url}\n//${host}/:_authToken=secret-token\n`);
      const registry = { ...deps.registry, npmrc };
      const error = await assertRejects(() => installTool(config, { ...deps, registry }), HaftError);
      assertStringIncludes(error.message, `evil (${address})`);
      assertEquals(store.list(), []);
      // Bun asks for it while it looks what it needs; it tells nothing by that.
      assertEquals(other.requests.map(({ authorization }) => authorization), [undefined]);

      // A lock that names it is refused before Bun runs.
      other.requests.length = 0;
      const integrity = config.artifacts[0]?.artifact.integrity ?? "";
      const lock = JSON.stringify({
        lockfileVersion: 1,
        workspaces: { "": { dependencies: { "@acme/greet": "1.2.3" } } },
        packages: {
          "@acme/greet": ["@acme/greet@1.2.3", "", { dependencies: { evil: address } }, integrity],
          evil: [`evil@${address}`, {}, integrity],
        },
      });
      const locked = { ...config, dependencies_lock: lock };
      const refused = await assertRejects(() => installTool(locked, deps), HaftError);
      assertStringIncludes(refused.message, `evil (${address})`);
      assertEquals(other.requests, []);
    }, { ...PACKAGES, words });
  });
});

Deno.test(
  { name: "installTool() says what the installer said", ignore: skipBun },
  () =>
    inSandbox(async ({ config, deps, store }) => {
      const error = await assertRejects(() => installTool(config, deps), HaftError);
      assertStringIncludes(error.message, "words");
      assertEquals(store.list(), []);
    }, { "@acme/greet": PACKAGES["@acme/greet"] ?? { version: "0" } }),
);

Deno.test(
  "installTool() needs Bun for js packages, and says so",
  { ignore: skipBun },
  () =>
    inSandbox(async ({ config, deps }) => {
      const { jsInstaller: _, ...without } = deps;
      const error = await assertRejects(() => installTool(config, without), HaftError, "need Bun");
      assertStringIncludes(error.next ?? "", "haft use bun");
    }),
);
