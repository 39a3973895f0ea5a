import { assert, assertEquals, assertThrows } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SavedApps } from "../../../src/apps/saved_apps.ts";
import { HaftError } from "../../../src/base/errors.ts";
import { onDamage } from "../../../src/base/set_aside.ts";

const WEB = { root: "/p", name: "web" };

function withSaved(fn: (saved: SavedApps, directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "haft-t-" });
  try {
    fn(new SavedApps(join(directory, "saved.list")), directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("SavedApps.write() replaces a list that has apps by an empty one only by force", () =>
  withSaved((saved) => {
    assertEquals(saved.read(), []);
    saved.write([WEB], { force: false });
    assertThrows(() => saved.write([], { force: false }), HaftError, "the saved list has 1");
    assertEquals(saved.read(), [WEB]);
    saved.write([], { force: true });
    assertEquals(saved.read(), []);
  }));

Deno.test("SavedApps.read() sets a damaged list aside, says so, and goes on", () => {
  for (const damage of ["", '{"version":1', "null", '{"version":1,"apps":[{"root":1}]}', "\x00\xff"]) {
    withSaved((saved, directory) => {
      const told: string[] = [];
      onDamage((line) => told.push(line));
      writeFileSync(saved.path, damage);
      assertEquals(saved.read(), []);
      assert(readdirSync(directory).some((name) => name.startsWith("saved.list.damaged-")), damage);
      assertEquals(told.length, 1);
      saved.write([WEB], { force: false });
      assertEquals(saved.read(), [WEB]);
    });
  }
});
