import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { findBun, skipBun } from "../../support/bun_runtime.ts";

const MODULE = fileURLToPath(new URL("../../../src/runtime/write_back.ts", import.meta.url));
const BYTES = 3_000_000;

const SCRIPT = `
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
const { startWriteBack } = await import(${JSON.stringify(MODULE)});
const [file] = process.argv.slice(-1);
const bytes = new Uint8Array(${BYTES}).map((_, index) => index % 251);
const fd = openSync(file, "wx");
for (let offset = 0; offset < bytes.length; offset += 1_000_000) {
  writeSync(fd, bytes, offset, 1_000_000);
  startWriteBack(fd, offset, 1_000_000);
}
closeSync(fd);
startWriteBack(fd, 0, 1);
console.log(readFileSync(file).equals(bytes));
`;

Deno.test({
  name: "startWriteBack() leaves a file as it was written, and fails for nothing",
  ignore: skipBun,
}, async () => {
  const directory = await Deno.makeTempDir({ prefix: "haft-write-back-" });
  try {
    const script = `${directory}/script.ts`;
    await Deno.writeTextFile(script, SCRIPT);
    const { code, stdout, stderr } = await new Deno.Command(findBun() ?? "", {
      args: ["--no-install", script, `${directory}/file`],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stdout), "true\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
