/** Arguments and directories of Linux that are no UTF-8. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { project } from "./task_sandbox.ts";
import { binary } from "./support.ts";

const ignore = process.platform !== "linux";
const MANIFEST = '[tasks.say]\nrun = "echo said"\n';

Deno.test({
  name: "an argument that is not UTF-8 is refused, and one with the character that stands for it is text",
  ignore,
  async fn() {
    await using daemon = await project(binary, MANIFEST);
    for (const line of ["haft run say --", "haft task start --", "haft app start x --"]) {
      const { code, stdout, stderr } = await daemon.sandbox.shell(binary, `${line} "$(printf 'a\\351b')"`);
      assertEquals([line, code, stdout], [line, 2, ""]);
      assertStringIncludes(stderr, 'The argument "a\ufffdb" is not UTF-8\n  Only "haft exec" hands on such');
    }
    const text = await daemon.sandbox.shell(binary, `haft run say -- "a\ufffdb"`);
    assertEquals([text.code, text.stdout], [0, "said a\ufffdb\n"]);
    const exact = await daemon.sandbox.shell(
      binary,
      `haft exec -- printf %s "$(printf 'a\\351b')" | od -An -tx1`,
    );
    assertEquals(exact.stdout.trim(), "61 e9 62");
  },
});

Deno.test({
  name: "a task has the bytes of variables that are not UTF-8, with the terminal or without it",
  ignore,
  async fn() {
    await using daemon = await project(
      binary,
      `[tasks.bytes]\nrun = 'printf "%s" "$ODD" | od -An -tx1; printf "%s" "$PLAIN"'\n`,
    );
    const odd = `ODD="$(printf "\\351'\\$\\\\ \\n\\n_")"; export ODD="\${ODD%_}" PLAIN="a\ufffdb"; `;
    const piped = await daemon.sandbox.shell(binary, `${odd} haft run bytes`);
    assertEquals([piped.code, piped.stdout.trim()], [0, "e9 27 24 5c 20 0a 0a\na\ufffdb"], piped.stderr);
    const recorded = await daemon.sandbox.shell(
      binary,
      `${odd} script -qec "${binary.argv.join(" ")} run --record bytes" /dev/null < /dev/null`,
    );
    assertStringIncludes(recorded.stdout, "e9 27 24 5c 20 0a 0a");
  },
});

Deno.test({
  name: "a directory whose path is not UTF-8 is named, where haft would find no project in it",
  ignore,
  async fn() {
    await using daemon = await project(binary, MANIFEST);
    const inside = (line: string) =>
      daemon.sandbox.shell(
        binary,
        `d=$(printf 'la\\351'); mkdir -p "$d"; cp haft.toml "$d"; cd "$d"; ${line}`,
      );
    for (const line of ["haft run say", "haft use x", "haft app status", "haft sync"]) {
      const { code, stderr } = await inside(line);
      assertEquals([line, code], [line, 1]);
      assertStringIncludes(stderr, "The path of this directory is not UTF-8");
    }
    const listed = await inside("haft ls");
    assertEquals(listed.code, 0);
    assertStringIncludes(listed.stderr, "Warning: The path of this directory is not UTF-8");
  },
});
