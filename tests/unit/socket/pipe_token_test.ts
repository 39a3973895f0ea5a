import { assert, assertEquals, assertThrows } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HaftError } from "../../../src/base/errors.ts";
import { TOKEN_BYTES } from "../../../src/socket/pipe_handshake.ts";
import { ownPipeToken, pipeFile, pipeToken, removePipeToken } from "../../../src/socket/pipe_token.ts";

function inDirectory(fn: (file: string, directory: string) => void): void {
  const directory = Deno.makeTempDirSync({ prefix: "haft-t-" });
  try {
    fn(join(directory, "tokens", "a.token"), directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("pipeFile() keeps a plain name, and hashes one that is not a file's name everywhere", () => {
  assertEquals(pipeFile("d", "\\\\.\\pipe\\haft-me-daemon", "token"), join("d", "haft-me-daemon.token"));
  for (const name of ["con", "haft-a:b", "haft-ü", "..", `haft-${"x".repeat(200)}`]) {
    const file = pipeFile("d", `\\\\.\\pipe\\${name}`, "lock");
    assert(/^d.[0-9a-f]{64}\.lock$/.test(file), file);
  }
});

Deno.test("ownPipeToken() makes a token that only the user can read, and gives it again after a crash", () =>
  inDirectory((file) => {
    const token = ownPipeToken(file);
    assertEquals(token.length, TOKEN_BYTES);
    assertEquals(pipeToken(file), token);
    assertEquals(ownPipeToken(file), token);
    if (Deno.build.os !== "windows") {
      assertEquals(statSync(file).mode & 0o777, 0o600);
      assertEquals(statSync(join(file, "..")).mode & 0o777, 0o700);
    }
    assertEquals(readdirSync(join(file, "..")), ["a.token"]);
    removePipeToken(file);
    assert(!existsSync(file));
    assert(!ownPipeToken(file).equals(token));
  }));

Deno.test("ownPipeToken() replaces a damaged token; pipeToken() refuses it, and a missing one", () =>
  inDirectory((file) => {
    assertThrows(() => pipeToken(file), HaftError, "missing or damaged");
    mkdirSync(join(file, ".."));
    for (const length of [0, TOKEN_BYTES - 1, TOKEN_BYTES + 1]) {
      writeFileSync(file, new Uint8Array(length), { mode: 0o600 });
      assertThrows(() => pipeToken(file), HaftError, "missing or damaged");
    }
    assertEquals(ownPipeToken(file).length, TOKEN_BYTES);
  }));

Deno.test({
  name: "pipeToken() and ownPipeToken() refuse a token that others can read, and a link",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inDirectory((file, directory) => {
      ownPipeToken(file);
      Deno.chmodSync(file, 0o640);
      assertThrows(() => pipeToken(file), HaftError, "other users");
      assertThrows(() => ownPipeToken(file), HaftError, "other users");
      Deno.chmodSync(file, 0o600);
      const link = join(directory, "link.token");
      symlinkSync(file, link);
      assertThrows(() => pipeToken(link), Error);
      assertThrows(() => ownPipeToken(link), Error);
    }),
});
