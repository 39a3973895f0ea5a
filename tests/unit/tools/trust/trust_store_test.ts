import { assertEquals } from "@std/assert";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TrustStore } from "../../../../src/tools/trust/trust_store.ts";
import { UntrustedError } from "../../../../src/tools/trust/untrusted_error.ts";

async function withStore(
  test: (world: { directory: string; store: TrustStore; path: string }) => void,
  trustedPaths: (directory: string) => string[] = () => [],
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "haft.toml");
    writeFileSync(path, "");
    test({
      directory,
      path,
      store: new TrustStore(join(directory, "state"), { trustedPaths: trustedPaths(directory) }),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("TrustStore trusts a manifest for what it says now, and asks again when that changes", () =>
  withStore(({ store, path }) => {
    const gated = { path, files: [path], parts: { env: { A: "1", B: "2" } } };
    assertEquals(store.isTrusted(gated), false);
    store.trust(gated);
    assertEquals(store.isTrusted(gated), true);
    assertEquals(
      store.isTrusted({ path, files: [path], parts: { env: { B: "2", A: "1" } } }),
      true,
      "order does not count",
    );
    assertEquals(store.isTrusted({ path, files: [path], parts: { env: { A: "1", B: "3" } } }), false);
    assertEquals(
      store.isTrusted({ path: `${path}.other`, files: [`${path}.other`], parts: gated.parts }),
      false,
    );
  }));

Deno.test("TrustStore needs no trust for a manifest that can run nothing", () =>
  withStore(({ store, path }) => assertEquals(store.isTrusted({ path, files: [path], parts: {} }), true)));

Deno.test("TrustStore trusts what lies in the directories of the user's own settings", () =>
  withStore(({ store, path }) => {
    assertEquals(store.isTrusted({ path, files: [path], parts: { env: { A: "1" } } }), true);
    const elsewhere = "/elsewhere/haft.toml";
    assertEquals(
      store.isTrusted({ path: elsewhere, files: [elsewhere], parts: { env: { A: "1" } } }),
      false,
    );
    assertEquals(
      store.isTrusted({ path, files: [path, elsewhere], parts: { env: { A: "1" } } }),
      false,
      "an outer project's file is not in the trusted directory",
    );
  }, (directory) => [directory]));

Deno.test("TrustStore does not take a directory for another whose name begins alike", () =>
  withStore(({ store, directory }) => {
    const path = `${directory}-evil/haft.toml`;
    assertEquals(store.isTrusted({ path, files: [path], parts: { env: { A: "1" } } }), false);
  }, (directory) => [directory]));

Deno.test("TrustStore forgets what is revoked, and trusts nothing when its file is damaged", () =>
  withStore(({ store, path, directory }) => {
    const gated = { path, files: [path], parts: { env: { A: "1" } } };
    store.trust(gated);
    assertEquals([store.paths, store.revoke(path), store.revoke(path), store.isTrusted(gated)], [
      [path],
      true,
      false,
      false,
    ]);
    store.trust(gated);
    const file = join(directory, "state", "trust.json");
    assertEquals(statSync(file).mode & 0o777, 0o600);
    chmodSync(file, 0o600);
    writeFileSync(file, "{ damaged");
    assertEquals([store.paths, store.isTrusted(gated)], [[], false]);
    const names = readdirSync(join(directory, "state"));
    assertEquals(names.filter((name) => name.startsWith("trust.json.damaged-")).length, 1);
    writeFileSync(file, '{ "version": 1, "trusted": { "/somewhere/haft.toml": "a hash" } }');
    assertEquals([store.paths, store.isTrusted(gated)], [[], false], "an older haft's file trusts nothing");
  }));

Deno.test("UntrustedError names the file, the sections and the next step", () =>
  withStore(({ store, path }) => {
    const parts = { env: { A: "1" }, install_env: { x: { B: "1" } }, npmrc: ["registry=x"] };
    const error = new UntrustedError({ path, files: [path], parts }, store);
    assertEquals(
      error.message,
      `"${path}" is not trusted, and its [env], install_env, .npmrc can run code`,
    );
    assertEquals(
      error.next,
      'Look at it, then run "haft trust" there; where no one can be asked, as in CI, set HAFT_TRUST=1',
    );
  }));

Deno.test("TrustStore trusts everything where HAFT_TRUST=1 says so, and records nothing of it", () =>
  withStore(({ directory, path }) => {
    const state = join(directory, "state");
    const store = new TrustStore(state, { trustedPaths: [], everything: true });
    const gated = { path, files: [path], parts: { env: { A: "1" } } };
    assertEquals([store.isTrusted(gated), store.isRecorded(gated), store.paths], [true, false, []]);
  }));

Deno.test("TrustStore knows the contents that were trusted before, as of another branch", () =>
  withStore(({ store, path }) => {
    const gated = (value: string) => ({ path, files: [path], parts: { env: { A: value } } });
    store.trust(gated("main"));
    store.trust(gated("branch"));
    assertEquals([store.isTrusted(gated("main")), store.isTrusted(gated("other"))], [true, false]);
    assertEquals(store.lastTrusted(gated("other")), { env: { A: "branch" } });
    store.revoke(path);
    assertEquals([store.isTrusted(gated("main")), store.lastTrusted(gated("main"))], [false, undefined]);
  }));

Deno.test("TrustStore gives the trust of a manifest to no directory that has a link to it", () =>
  withStore(({ store, directory, path }) => {
    const parts = { tasks: { build: "./run.sh" } };
    store.trust({ path, files: [path], parts });
    const stranger = join(directory, "stranger");
    mkdirSync(stranger);
    symlinkSync(path, join(stranger, "haft.toml"));
    const borrowed = join(stranger, "haft.toml");
    assertEquals(store.isTrusted({ path: borrowed, files: [borrowed], parts }), false);
    symlinkSync(directory, `${directory}-link`);
    try {
      const same = join(`${directory}-link`, "haft.toml");
      assertEquals(
        store.isTrusted({ path: same, files: [same], parts }),
        true,
        "the same directory by a link",
      );
    } finally {
      rmSync(`${directory}-link`);
    }
  }));

Deno.test("TrustStore does not trust another directory in a trusted one's place", () =>
  withStore(({ store, directory }) => {
    const project = join(directory, "project");
    const path = join(project, "haft.toml");
    const gated = { path, files: [path], parts: { tasks: { build: "./run.sh" } } };
    mkdirSync(project);
    store.trust(gated);
    assertEquals(store.isTrusted(gated), true);
    renameSync(project, `${project}-moved`);
    mkdirSync(project);
    assertEquals([store.isTrusted(gated), store.lastTrusted(gated)], [false, undefined]);
    rmSync(project, { recursive: true });
    renameSync(`${project}-moved`, project);
    assertEquals(store.isTrusted(gated), true);
  }));
