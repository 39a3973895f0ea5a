/** What the registry client promises, over real sockets and files; either runtime can run them. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Env } from "../../src/base/env.ts";
import { HaftError } from "../../src/base/errors.ts";
import { createHttpClient } from "../../src/tools/http/http_client.ts";
import { HttpError } from "../../src/tools/http/http_error.ts";
import { createNpmRegistry, type NpmRegistry } from "../../src/tools/registry/npm_registry.ts";
import {
  PackageNotFound,
  RegistryAnswerError,
  SignatureError,
  VersionNotFound,
} from "../../src/tools/registry/registry_error.ts";
import type { RuntimeCase } from "./http_cases.ts";
import { LoopbackRegistry, type LoopbackSettings } from "./loopback_registry.ts";

interface World {
  server: LoopbackRegistry;
  home: string;
  project: string;
  metadata: string;
  clock: { now: number };
  /** A client of its own, as another process would have, with the files and the cache of this world. */
  open(options?: { offline?: boolean; env?: Env }): NpmRegistry;
}

/** A registry with `tool` 1.0.0 to 1.2.0 and `@scope/tool` 2.0.0, and a home whose .npmrc names it. */
async function withRegistry(
  settings: Partial<LoopbackSettings>,
  fn: (world: World) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "haft-registry-"));
  const [home, project, metadata] = ["home", "project", "metadata"].map((name) => join(directory, name));
  assert(home !== undefined && project !== undefined && metadata !== undefined);
  mkdirSync(home);
  mkdirSync(project);
  try {
    await using server = await LoopbackRegistry.start(settings);
    for (const version of ["1.0.0", "1.10.0", "1.2.0"]) {
      server.addTarball(
        { name: "tool", version, os: ["linux"], cpu: "x64", bin: "tool.js" },
        new Uint8Array(9),
      );
    }
    server.addTarball({ name: "@scope/tool", version: "2.0.0" }, new Uint8Array(8));
    server.setTag("tool", "next", "1.10.0");
    writeFileSync(join(home, ".npmrc"), server.npmrc());
    const clock = { now: Date.parse("2026-01-01T00:00:00Z") };
    const http = createHttpClient({ delay: () => Promise.resolve() });
    await fn({
      server,
      home,
      project,
      metadata,
      clock,
      open: ({ offline = false, env = {} } = {}) =>
        createNpmRegistry({
          http,
          env,
          projectDir: project,
          home,
          metadataDir: metadata,
          offline,
          now: () => clock.now,
        }),
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const MINUTE = 60_000;

export const registryCases: RuntimeCase[] = [
  {
    name: "manifest() asks for one version or tag alone, and keeps an exact version for good",
    run: () =>
      withRegistry({}, async ({ server, open, clock }) => {
        const manifest = await open().manifest("tool", "1.0.0");
        assertEquals(
          [manifest.version, manifest.os, manifest.cpu, manifest.bin],
          ["1.0.0", ["linux"], "x64", "tool.js"],
        );
        assertEquals(manifest.dist.tarball, `${server.url}tool/-/tool-1.0.0.tgz`);
        clock.now += 1000 * 24 * 60 * MINUTE;
        assertEquals(await open().manifest("tool", "1.0.0"), manifest);
        assertEquals(server.requests.map(({ path }) => path), ["/tool/1.0.0"]);
      }),
  },
  {
    name: "manifest() by tag keeps the version it found as that version, too",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        assertEquals((await open().manifest("tool", "next")).version, "1.10.0");
        assertEquals((await open().manifest("tool", "1.10.0")).version, "1.10.0");
        assertEquals(server.requests.map(({ path }) => path), ["/tool/next"]);
      }),
  },
  {
    name: "packument() gives versions and tags, from the abbreviated form or the full one",
    run: async () => {
      for (const abbreviated of [true, false]) {
        await withRegistry({ abbreviated }, async ({ server, open }) => {
          assertEquals(await open().packument("tool"), {
            name: "tool",
            versions: ["1.0.0", "1.10.0", "1.2.0"],
            distTags: { latest: "1.2.0", next: "1.10.0" },
          });
          assertStringIncludes(server.requests[0]?.headers.accept ?? "", "vnd.npm.install-v1+json");
        });
      }
    },
  },
  {
    name: "packument() and manifest() ask for a scoped name as one path segment",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        await open().packument("@scope/tool");
        await open().manifest("@scope/tool", "latest");
        assertEquals(server.requests.map(({ path }) => path), ["/@scope%2ftool", "/@scope%2ftool/latest"]);
      }),
  },
  {
    name: "manifest() uses the whole package where the registry has no address for one version",
    run: () =>
      withRegistry({ versionEndpoint: false }, async ({ server, open }) => {
        assertEquals((await open().manifest("tool", "1.10.0")).version, "1.10.0");
        assertEquals((await open().manifest("tool", "1.10.0")).version, "1.10.0");
        assertEquals((await open().manifest("tool", "next")).version, "1.10.0");
        assertEquals((await open().manifest("tool", "latest")).version, "1.2.0");
        assertEquals(server.count("/tool/1.10.0"), 1);
      }),
  },
  {
    name: "manifest() and packument() of an unknown package say so",
    run: () =>
      withRegistry({}, async ({ open }) => {
        for (const ask of [() => open().manifest("nope", "1.0.0"), () => open().packument("nope")]) {
          const error = await assertRejects(ask, PackageNotFound);
          assertEquals([error.packageName, error.status], ["nope", 404]);
          assertStringIncludes(error.next ?? "", ".npmrc");
        }
      }),
  },
  {
    name: "manifest() of an unknown version names what there is",
    run: () =>
      withRegistry({}, async ({ open }) => {
        const error = await assertRejects(() => open().manifest("tool", "9.9.9"), VersionNotFound);
        assertEquals([...error.versions], ["1.0.0", "1.10.0", "1.2.0"]);
        assertEquals(error.distTags["latest"], "1.2.0");
        assertEquals(error.message, "tool has no version 9.9.9");
      }),
  },
  {
    name: "packument() asks whether it changed when the registry sends ETags",
    run: () =>
      withRegistry({ etags: true }, async ({ server, open, clock }) => {
        await open().packument("tool");
        clock.now += 60 * MINUTE;
        assertEquals((await open().packument("tool")).versions.length, 3);
        assert(server.requests[1]?.headers["if-none-match"] !== undefined);
        server.addTarball({ name: "tool", version: "2.0.0" }, new Uint8Array(7));
        assertEquals((await open().packument("tool")).versions.length, 4);
        assertEquals(server.count("/tool"), 3);
      }),
  },
  {
    name: "packument() asks whether it changed when the registry sends Last-Modified",
    run: () =>
      withRegistry({ etags: false, lastModified: true }, async ({ server, open }) => {
        await open().packument("tool");
        assertEquals((await open().packument("tool")).versions.length, 3);
        assert(server.requests[1]?.headers["if-modified-since"] !== undefined);
      }),
  },
  {
    name: "packument() is good for ten minutes when the registry sends neither",
    run: () =>
      withRegistry({ etags: false }, async ({ server, open, clock }) => {
        await open().packument("tool");
        clock.now += 10 * MINUTE - 1;
        await open().packument("tool");
        assertEquals(server.count("/tool"), 1);
        clock.now += 1;
        await open().packument("tool");
        assertEquals(server.count("/tool"), 2);
        clock.now -= 60 * MINUTE;
        await open().packument("tool");
        assertEquals(server.count("/tool"), 3);
      }),
  },
  {
    name: "packument() asked twice at once is one request",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        const registry = open();
        await Promise.all([registry.packument("tool"), registry.packument("tool")]);
        assertEquals(server.count("/tool"), 1);
      }),
  },
  {
    name: "the cache is the user's alone, holds no part of a document that is not used, and heals",
    run: () =>
      withRegistry({ etags: false }, async ({ server, open, metadata }) => {
        await open().packument("tool");
        const [file = ""] = readdirSync(metadata);
        const path = join(metadata, file);
        assertEquals(statSync(path).mode & 0o777, 0o600);
        assertEquals(statSync(metadata).mode & 0o777, 0o700);
        assert(!readFileSync(path, "utf8").includes("integrity"));
        for (const garbage of ["", "{", '{"schema":1}', "null", "\u0000".repeat(100)]) {
          writeFileSync(path, garbage);
          assertEquals((await open().packument("tool")).versions.length, 3);
        }
        assertEquals(server.count("/tool"), 6);
      }),
  },
  {
    name: "a cache that cannot be written is no error",
    run: () =>
      withRegistry({}, async ({ open, metadata }) => {
        writeFileSync(metadata, "a file where the directory should be");
        assertEquals((await open().packument("tool")).versions.length, 3);
      }),
  },
  {
    name: "offline, the cache answers however old it is, and nothing is requested",
    run: () =>
      withRegistry({}, async ({ server, open, clock }) => {
        await open().packument("tool");
        await open().manifest("tool", "latest");
        const before = server.requests.length;
        clock.now += 1000 * MINUTE;
        const offline = open({ offline: true });
        assertEquals((await offline.packument("tool")).versions.length, 3);
        assertEquals((await offline.manifest("tool", "latest")).version, "1.2.0");
        assertEquals((await offline.tarball("tool", "1.2.0")).url, `${server.url}tool/-/tool-1.2.0.tgz`);
        const error = await assertRejects(() => offline.manifest("tool", "1.0.0"), HttpError);
        assertEquals(error.kind, "offline");
        assertEquals(error.next, 'Run "haft sync" once without --offline');
        assertEquals(server.requests.length, before);
      }),
  },
  {
    name: "a scope's registry and token are used for that scope alone",
    run: () =>
      withRegistry({}, async ({ server, open, home }) => {
        await using scoped = await LoopbackRegistry.start({ token: "scoped-secret" });
        scoped.addTarball({ name: "@scope/tool", version: "3.0.0" }, new Uint8Array(6));
        const lines = scoped.npmrc().replace("registry=", "@scope:registry=");
        writeFileSync(join(home, ".npmrc"), server.npmrc() + lines);
        const registry = open();
        assertEquals((await registry.manifest("@scope/tool", "latest")).version, "3.0.0");
        assertEquals((await registry.manifest("tool", "latest")).version, "1.2.0");
        assertEquals(server.requests.map(({ headers }) => headers.authorization), [undefined]);
        assertEquals((await registry.tarball("@scope/tool", "3.0.0")).headers, {
          authorization: "Bearer scoped-secret",
        });
        assertEquals((await registry.tarball("tool", "1.2.0")).headers, {});
      }),
  },
  {
    name: "credentials are not sent to a tarball on another host",
    run: () =>
      withRegistry({ token: "secret" }, async ({ server, open }) => {
        await using files = await LoopbackRegistry.start();
        const manifest = { name: "away", version: "1.0.0", dist: { tarball: `${files.url}away.tgz` } };
        server.addFile("/away/1.0.0", JSON.stringify(manifest));
        assertEquals(await open().tarball("away", "1.0.0"), { url: `${files.url}away.tgz`, headers: {} });
      }),
  },
  {
    name: "a registry that asks for credentials gets the error that says where they are looked for",
    run: () =>
      withRegistry({ token: "secret" }, async ({ server, open, home, project }) => {
        assertEquals((await open().manifest("tool", "1.0.0")).version, "1.0.0");
        writeFileSync(join(home, ".npmrc"), `registry=${server.url}\n`);
        const error = await assertRejects(() => open().manifest("tool", "1.2.0"), HttpError);
        assertEquals(error.status, 401);
        assertStringIncludes(error.next ?? "", "_authToken");
        const { host } = new URL(server.url);
        writeFileSync(join(project, ".npmrc"), `//${host}/:_authToken=\${TOKEN}\n`);
        const ignored = await assertRejects(
          () => open({ env: { TOKEN: "secret" } }).manifest("tool", "1.2.0"),
          HaftError,
        );
        assertStringIncludes(ignored.next ?? "", "the project is not trusted");
        assert(!ignored.message.includes("secret"));
      }),
  },
  {
    name: "verifySignature() accepts what the registry's own key signed",
    run: () =>
      withRegistry({ signatures: "right" }, async ({ server, open }) => {
        const registry = open();
        assertEquals(await registry.verifySignature(await registry.manifest("tool", "1.0.0")), "verified");
        assertEquals(await open().verifySignature(await open().manifest("tool", "1.0.0")), "verified");
        assert(server.count("/-/npm/v1/keys") >= 1);
      }),
  },
  {
    name: "verifySignature() refuses a wrong signature",
    run: () =>
      withRegistry({ signatures: "wrong" }, async ({ open }) => {
        const registry = open();
        const manifest = await registry.manifest("tool", "1.0.0");
        const error = await assertRejects(() => registry.verifySignature(manifest), SignatureError);
        assertStringIncludes(error.message, "tool@1.0.0 is wrong");
        assertStringIncludes(error.next ?? "", "Do not install it");
      }),
  },
  {
    name: "verifySignature() refuses another integrity, name or version under a right signature",
    run: () =>
      withRegistry({ signatures: "right" }, async ({ open }) => {
        const registry = open();
        const manifest = await registry.manifest("tool", "1.0.0");
        const dist = { ...manifest.dist, integrity: "sha512-AAAA" };
        for (
          const changed of [{ ...manifest, dist }, { ...manifest, version: "1.0.1" }, {
            ...manifest,
            name: "toll",
          }]
        ) {
          await assertRejects(() => registry.verifySignature(changed), SignatureError);
        }
      }),
  },
  {
    name: "verifySignature() tells when none is offered, and when nobody knows the key",
    run: async () => {
      await withRegistry({ signatures: "none" }, async ({ open }) => {
        const registry = open();
        assertEquals(await registry.verifySignature(await registry.manifest("tool", "1.0.0")), "not-offered");
      });
      await withRegistry({ signatures: "right", keysEndpoint: false }, async ({ server, open }) => {
        const registry = open();
        const manifest = await registry.manifest("tool", "1.0.0");
        assertEquals(await registry.verifySignature(manifest), "unknown-key");
        server.fault("/-/npm/v1/keys", { kind: "html" });
        assertEquals(await registry.verifySignature(manifest), "unknown-key");
        assertEquals(await open({ offline: true }).verifySignature(manifest), "unknown-key");
      });
    },
  },
  {
    name:
      "verifySignature() refuses a key that had expired before the publication, where its time is offered",
    run: () =>
      withRegistry(
        {
          signatures: "right",
          keyExpires: "2023-01-01T00:00:00.000Z",
          versionEndpoint: false,
          abbreviated: false,
        },
        async ({ server, open }) => {
          const registry = open();
          const late = await registry.manifest("tool", "1.0.0");
          assertEquals(late.publishedAt, "2024-06-01T00:00:00.000Z");
          const error = await assertRejects(() => registry.verifySignature(late), SignatureError);
          assertStringIncludes(error.message, "expired");
          const time = "2022-06-01T00:00:00.000Z";
          server.addTarball({ name: "old", version: "1.0.0" }, new Uint8Array(5), { time });
          assertEquals(await registry.verifySignature(await registry.manifest("old", "1.0.0")), "verified");
          const { publishedAt: _, ...untold } = late;
          assertEquals(await registry.verifySignature(untold), "verified");
        },
      ),
  },
  {
    name: "manifest() refuses an answer for something else than what was asked",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        const answers: [string, unknown][] = [
          ["/a/1.0.0", { name: "b", version: "1.0.0", dist: {} }],
          ["/a/1.0.1", { name: "a", version: "1.0.0", dist: {} }],
          ["/a/1.0.2", { hello: "world" }],
          ["/a/1.0.3", ["a"]],
        ];
        for (const [path, answer] of answers) {
          server.addFile(path, JSON.stringify(answer));
          const version = path.slice(3);
          await assertRejects(() => open().manifest("a", version), RegistryAnswerError);
        }
      }),
  },
  {
    name: "manifest() is lenient with fields that are missing or of another type",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        const strange = {
          name: "a",
          version: "1.0.0",
          os: 7,
          cpu: null,
          bin: [],
          dependencies: "none",
          dist: 1,
        };
        server.addFile("/a/1.0.0", JSON.stringify(strange));
        const manifest = await open().manifest("a", "1.0.0");
        assertEquals(
          [manifest.os, manifest.cpu, manifest.bin, manifest.dependencies],
          [undefined, undefined, undefined, undefined],
        );
        assertEquals(manifest.dist.tarball, `${server.url}a/-/a-1.0.0.tgz`);
      }),
  },
  {
    name: "packument() of tens of megabytes is read, and a small part of it kept",
    run: () =>
      withRegistry({ abbreviated: false, etags: false }, async ({ server, open, metadata }) => {
        const text = "t".repeat(10_000);
        const versions = Object.fromEntries(
          Array.from(
            { length: 3000 },
            (_, i) => [`1.0.${i}`, { name: "big", version: `1.0.${i}`, dist: {}, text }],
          ),
        );
        server.addFile("/big", JSON.stringify({ name: "big", "dist-tags": {}, versions }));
        assertEquals((await open().packument("big")).versions.length, 3000);
        const [file = ""] = readdirSync(metadata);
        assert(statSync(join(metadata, file)).size < 60_000);
      }),
  },
  {
    name: "a registry that answers with a page, nothing, or half is a clear error",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        server.fault("/tool", { kind: "html" }, { times: 1 });
        assertEquals((await assertRejects(() => open().packument("tool"), HttpError)).kind, "not-json");
        server.fault("/tool", { kind: "truncate", at: 20 });
        assertEquals((await assertRejects(() => open().packument("tool"), HttpError)).kind, "broken");
        server.clearFaults();
        server.fault("/tool", { kind: "truncate", at: 20 }, { times: 2 });
        assertEquals((await open().packument("tool")).versions.length, 3);
      }),
  },
  {
    name: "names and versions that would form another path are refused before any request",
    run: () =>
      withRegistry({}, async ({ server, open }) => {
        for (const name of ["..", "../x", "a/b/c", "@s/../x", "", "a b", ".hidden", "@/x", "a%2fb", "a\\b"]) {
          await assertRejects(() => open().packument(name), HaftError, "is not the name");
        }
        for (const version of ["..", ".", "", "a/b", "1.0.0/../../x"]) {
          await assertRejects(() => open().manifest("tool", version), HaftError, "is not a version");
        }
        assertEquals(server.requests.length, 0);
      }),
  },
];
