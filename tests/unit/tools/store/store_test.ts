import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { HaftError } from "../../../../src/base/errors.ts";
import { type Paths, resolvePaths } from "../../../../src/base/paths.ts";
import type { PlannedArtifact } from "../../../../src/protocol/artifact.ts";
import type { InstallConfig } from "../../../../src/protocol/install.ts";
import { parseReceipt, type Receipt, satisfiedBy } from "../../../../src/tools/store/receipt.ts";
import { placeFor } from "../../../../src/tools/store/content_key.ts";
import { Store } from "../../../../src/tools/store/store.ts";
import { installationName, stagingName, stagingOwner } from "../../../../src/tools/store/store_names.ts";
import { sweepStaging } from "../../../../src/tools/store/sweep_staging.ts";

const artifact: PlannedArtifact = {
  artifact: { kind: "npm", package: "@acme/demo-linux-x64", version: "1.2.3", integrity: "sha512-AAAA" },
  format: "tar.gz",
  strip: 1,
  into: "",
};

const receipt: Receipt = {
  schema: 1,
  tool: "demo",
  store_id: "demo",
  version: "1.2.3",
  platform: "linux-x64-glibc",
  kind: "native",
  artifacts: [artifact],
  bin: { demo: "bin/demo" },
  signature: "not-offered",
  installed_at: "2026-01-02T03:04:05.000Z",
  haft_version: "0.1.0",
};

const installing: InstallConfig = {
  tool_name: "demo",
  version: "1.2.3",
  store_id: "demo",
  platform: "linux-x64-glibc",
  kind: "native",
  artifacts: [artifact],
  bin: { demo: "bin/demo" },
  options: {},
  install_env: {},
  download_url: null,
  integrity: "sha512-AAAA",
  dependencies_lock: null,
  project_dir: "/",
  force: false,
  offline: false,
};

async function inStore(body: (store: Store, paths: Paths) => void | Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "haft-store-" });
  try {
    const paths = resolvePaths({ env: { HAFT_HOME: home }, platform: "linux", home });
    await body(new Store(paths), paths);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function put(store: Store, change: Partial<Receipt> = {}, text?: string, name?: string): void {
  const written = { ...receipt, ...change };
  const directory = join(store.directory(written.store_id, name ?? written.version), ".haft");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "receipt.json"), text ?? JSON.stringify(written));
}

Deno.test("Store.directory() gives a path for names of the allow-list only", () =>
  inStore((store, paths) => {
    assertEquals(
      store.directory("npm+@scope+name", "1.0.0-rc.1+b"),
      join(paths.store, "npm+@scope+name/1.0.0-rc.1+b"),
    );
    for (const id of ["", ".", "..", ".staging", "a/b", "a\\b", "a b", "-x", "a\0", "x".repeat(300)]) {
      assertThrows(() => store.directory(id, "1.0.0"), HaftError, "cannot be");
    }
    for (const version of ["", ".", "..", "../1", "1/2", "1~2", " 1", "1\n", "x".repeat(200)]) {
      assertThrows(() => store.directory("demo", version), HaftError, "cannot be");
    }
  }));

Deno.test("Store.receipt() reads what is installed, and takes anything else for not installed", () =>
  inStore((store) => {
    assertEquals(store.receipt("demo", "1.2.3"), undefined);
    put(store);
    assertEquals(store.receipt("demo", "1.2.3"), receipt);
    for (
      const text of [
        "",
        "{",
        "null",
        "{}",
        JSON.stringify({ ...receipt, schema: 2 }),
        JSON.stringify({ ...receipt, version: "9" }),
      ]
    ) {
      put(store, {}, text);
      assertEquals(store.receipt("demo", "1.2.3"), undefined);
    }
  }));

Deno.test("Store.list() gives complete installations in order, and no leftovers", () =>
  inStore((store, paths) => {
    assertEquals(store.list(), []);
    put(store, { version: "2.0.0" });
    put(store);
    put(store, { store_id: "another", tool: "another" });
    put(store, { store_id: "broken" }, "{");
    mkdirSync(join(paths.staging, stagingName("demo@3.0.0", "x"), ".haft"), { recursive: true });
    writeFileSync(join(paths.store, "stray file"), "");
    assertEquals(store.list().map(({ receipt: found }) => `${found.store_id} ${found.version}`), [
      "another 1.2.3",
      "demo 1.2.3",
      "demo 2.0.0",
    ]);
  }));

Deno.test("Store.remove() removes one version, and the tool's directory with the last", () =>
  inStore(async (store, paths) => {
    put(store);
    put(store, { version: "2.0.0" });
    assertEquals(await store.remove("demo", "1.2.3"), true);
    assertEquals(await store.remove("demo", "1.2.3"), false);
    assertEquals(store.list().map(({ receipt: { version } }) => version), ["2.0.0"]);
    assertEquals(await store.remove("demo", "2.0.0"), true);
    assert(!existsSync(join(paths.store, "demo")));
    assertEquals(readdirSync(paths.staging), []);
    await assertRejects(() => store.remove("..", "1"), HaftError);
  }));

Deno.test("placeFor() gives other content of a version a directory of its own, and the same content the same", () =>
  inStore(async (store) => {
    const other: Receipt = {
      ...receipt,
      artifacts: [{ ...artifact, artifact: { ...artifact.artifact, integrity: "sha512-BBBB" } }],
    };
    const place = (wanted: Receipt, dependencies?: string) => placeFor(wanted, { store, dependencies });
    const own = store.directory("demo", "1.2.3");
    assertEquals([place(receipt), place(other)], [own, own]);
    put(store);
    const beside = place(other);
    assertMatch(beside, /demo\/1\.2\.3~[0-9a-f]{16}$/);
    assertEquals([place(receipt), place({ ...receipt, bin: {} })], [own, own]);
    put(store, other, undefined, basename(beside));
    assertEquals([place(receipt), place(other)], [own, beside]);
    assertEquals(store.installations("demo", "1.2.3").map(({ directory }) => directory), [own, beside]);
    assertEquals(store.list().length, 2);

    assertEquals(await store.remove("demo", basename(beside)), true);
    assertEquals(store.list().map(({ directory }) => directory), [own]);
    put(store, other, undefined, basename(beside));

    // Either stays where it is without the other, or with a damaged receipt.
    put(store, {}, "{");
    assertEquals([place(receipt), place(other)], [own, beside]);
    put(store, {}, "{", basename(beside));
    assertEquals(place(other), beside);

    const js: Receipt = { ...receipt, store_id: "js", kind: "js" };
    put(store, js);
    writeFileSync(join(store.directory("js", "1.2.3"), "bun.lock"), "one");
    assertEquals(place(js, "one"), store.directory("js", "1.2.3"));
    assertMatch(place(js, "two"), /js\/1\.2\.3~/);
    assertEquals(await store.remove("js", "1.2.3"), true);
  }));

Deno.test("Store.remove() waits for whoever holds the lock, until the signal says to stop", () =>
  inStore(async (store, paths) => {
    put(store);
    using _held = await new Store(paths).lock("demo", "1.2.3");
    const stop = new AbortController();
    const removed = store.remove("demo", "1.2.3", {
      signal: stop.signal,
      onWait: () => stop.abort(new Error("enough")),
    });
    await assertRejects(() => removed, Error, "enough");
    assertEquals(store.list().length, 1);
  }));

Deno.test("sweepStaging() removes what nobody holds the lock of, and nothing that haft did not make", () =>
  inStore(async (store, paths) => {
    const names = [
      stagingName("dead@1.0.0", "a"),
      stagingName("live@1.0.0", "b"),
      stagingName("mine@1.0.0", "c"),
      "notes",
    ];
    for (const name of names) mkdirSync(join(paths.staging, name, "tree"), { recursive: true });
    using _live = await store.lock("live", "1.0.0");
    using _mine = await store.lock("mine", "1.0.0");
    assertEquals(sweepStaging(paths, { store, held: "mine@1.0.0" }), ["dead@1.0.0~a", "mine@1.0.0~c"]);
    assertEquals(readdirSync(paths.staging).sort(), ["live@1.0.0~b", "notes"]);
  }));

Deno.test("stagingOwner() is the inverse of stagingName()", () => {
  for (const [id, version] of [["demo", "1.0.0"], ["npm+@a+b", "1.0.0-x+y"], ["a~b", "1"]] as const) {
    const installation = installationName(id, version);
    assertEquals(stagingOwner(stagingName(installation, "0f-1")), installation);
  }
  for (const name of ["", "~", "demo", "demo~x", "@1~x", "../x@1~y", "demo@..~x"]) {
    assertEquals(stagingOwner(name), undefined);
  }
});

Deno.test("satisfiedBy() asks for the same files on the same platform", () => {
  const none = () => undefined;
  const config = installing;
  assert(satisfiedBy(receipt, config, none));
  const other = { ...artifact, artifact: { ...artifact.artifact, integrity: "sha512-BBBB" } };
  const elsewhere = {
    ...artifact,
    artifact: { kind: "http" as const, url: "https://example.org/x", integrity: "sha512-AAAA" },
  };
  assert(satisfiedBy(receipt, { ...config, artifacts: [elsewhere] }, none));
  const differing: Partial<InstallConfig>[] = [
    { platform: "linux-x64-musl" },
    { version: "1.2.4" },
    { kind: "js" },
    { artifacts: [other] },
    { artifacts: [artifact, artifact] },
    { artifacts: [{ ...artifact, strip: 0 }] },
    { bin: { demo: "demo" } },
    { bin: { demo: "bin/demo", more: "bin/more" } },
  ];
  for (const change of differing) {
    assert(!satisfiedBy(receipt, { ...config, ...change }, none), JSON.stringify(change));
  }
});

Deno.test("satisfiedBy() asks for the dependencies that are locked, and without a lock for those haft chose", () => {
  const lockOf = (dependency: string) =>
    `{ "lockfileVersion": 2, "packages": {\n    "demo": ["demo@1.2.3", "", {}, "sha512-AAAA"],\n` +
    `    "x": ["${dependency}", "", {}, "sha512-BBBB"],\n} }\n`;
  const npm = { kind: "npm" as const, package: "demo", version: "1.2.3", integrity: "sha512-AAAA" };
  const artifacts = [{ ...artifact, artifact: npm }];
  const config = (lock: string | null): InstallConfig => ({
    tool_name: "demo",
    version: "1.2.3",
    store_id: "demo",
    platform: "linux-x64-glibc",
    kind: "js",
    artifacts,
    bin: {},
    options: {},
    install_env: {},
    download_url: null,
    integrity: "sha512-AAAA",
    dependencies_lock: lock,
    project_dir: "/",
    force: false,
    offline: false,
  });
  const chosen: Receipt = { ...receipt, kind: "js", artifacts, dependencies: "chosen" };
  const given: Receipt = { ...chosen, dependencies: "locked" };
  const { dependencies: _, ...old } = chosen;
  const rows: [Receipt, string | null, boolean][] = [
    [chosen, lockOf("x@1.0.0"), true],
    [chosen, lockOf("x@2.0.0"), false],
    [given, lockOf("x@1.0.0"), true],
    [chosen, null, true],
    [given, null, false],
    [old, null, false],
    // Of another version of the tool: dependencies are chosen anew.
    [chosen, lockOf("x@2.0.0").replaceAll("demo@1.2.3", "demo@1.2.2"), true],
    [given, lockOf("x@1.0.0").replaceAll("demo@1.2.3", "demo@1.2.2"), false],
  ];
  for (const [installed, lock, expected] of rows) {
    assertEquals(satisfiedBy(installed, config(lock), () => lockOf("x@1.0.0")), expected, `${lock}`);
  }
});

Deno.test("parseReceipt() refuses unknown keys", () => {
  assertEquals(parseReceipt(JSON.stringify(receipt)), receipt);
  assertEquals(parseReceipt(JSON.stringify({ ...receipt, extra: 1 })), undefined);
});

Deno.test("Store.satisfying() finds a content in the version's own directory and in one with its key", () =>
  inStore((store) => {
    const other: PlannedArtifact = {
      ...artifact,
      artifact: { ...artifact.artifact, integrity: "sha512-BBBB" },
    };
    put(store);
    put(store, { artifacts: [other] }, undefined, "1.2.3~0123456789abcdef");
    put(store, { version: "1.2.30" });
    const found = (artifacts: PlannedArtifact[]) =>
      basename(store.satisfying({ ...installing, artifacts })?.directory ?? "none");
    assertEquals(found([artifact]), "1.2.3");
    assertEquals(found([other]), "1.2.3~0123456789abcdef");
    assertEquals(found([artifact, other]), "none");
  }));

Deno.test("Store.satisfying() takes the newest of several that haft chose the dependencies of", () =>
  inStore((store) => {
    const chosen = { kind: "js", dependencies: "chosen", origin: "resolved" } as const;
    put(store, chosen);
    put(store, { ...chosen, installed_at: "2026-02-02T03:04:05.000Z" }, undefined, "1.2.3~0123456789abcdef");
    const config: InstallConfig = { ...installing, kind: "js" };
    const name = () => basename(store.satisfying(config)?.directory ?? "");
    assertEquals(name(), "1.2.3~0123456789abcdef");
  }));
