import { assertEquals, assertThrows } from "@std/assert";
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../../src/base/errors.ts";
import { requireTrust, TrustStore } from "../../../../src/tools/trust/trust_store.ts";

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
  }));

Deno.test("requireTrust() names the file, the sections and the next step", () =>
  withStore(({ store, path }) => {
    const error = assertThrows(
      () =>
        requireTrust(store, {
          path,
          files: [path],
          parts: { env: { A: "1" }, install_env: { x: { B: "1" } } },
        }),
      HaftError,
    );
    assertEquals(error.message, `"${path}" is not trusted, and its [env], [install_env] can run code`);
    assertEquals(error.next, 'Look at it, then run "haft trust" there');
  }));
