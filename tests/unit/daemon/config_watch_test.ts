import { assertEquals } from "@std/assert";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigWatch } from "../../../src/daemon/services/config_watch.ts";
import { until } from "../../support/until.ts";

/** What a watched file held each time that a change was told; undefined: it was gone. */
class Watched implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "haft-watch-"));
  readonly path = join(this.directory, "haft.toml");
  readonly seen: (string | undefined)[] = [];
  readonly #watch = new ConfigWatch({
    onChange: (path) => void this.seen.push(existsSync(path) ? readFileSync(path, "utf8") : undefined),
    onError(directory, error) {
      throw new Error(`Cannot watch "${directory}"`, { cause: error });
    },
  });

  constructor() {
    writeFileSync(this.path, "first");
    this.#watch.add([this.path]);
  }

  async untilLast(text: string | undefined): Promise<void> {
    await until(() => this.seen, `${text} is told`, {
      passes: (seen) => seen.length > 0 && seen.at(-1) === text,
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    rmSync(this.directory, { recursive: true });
  }
}

Deno.test("ConfigWatch tells a change, however the file was replaced, and that it is gone or empty", async () => {
  using watched = new Watched();
  writeFileSync(watched.path, "second");
  await watched.untilLast("second");
  const next = join(watched.directory, "next");
  writeFileSync(next, "third");
  renameSync(next, watched.path);
  await watched.untilLast("third");
  writeFileSync(watched.path, "");
  await watched.untilLast("");
  rmSync(watched.path);
  await watched.untilLast(undefined);
  writeFileSync(watched.path, "again");
  await watched.untilLast("again");
});

Deno.test("ConfigWatch tells nothing of a file that is half written", async () => {
  using watched = new Watched();
  for (let time = 0; time < 20; time++) {
    writeFileSync(watched.path, "");
    rmSync(watched.path);
    // Of another size each time: Deno counts changes in whole seconds.
    const text = `whole ${"!".repeat(time)}`;
    writeFileSync(watched.path, text);
    await watched.untilLast(text);
  }
  assertEquals(watched.seen.filter((text) => !text?.startsWith("whole")), []);
});
