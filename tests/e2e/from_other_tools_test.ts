import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../scripts/support/project.ts";
import { binary } from "./support.ts";
import { project } from "./task_sandbox.ts";

interface Section {
  title: string;
  manifest: string;
  /** Lines of a console: commands after `$ `, and what they print. */
  console: string;
}

const page = readFileSync(join(projectRoot, "docs", "from-other-tools.md"), "utf8");
const sections: Section[] = page.split(/^## /m).slice(1).map((text) => ({
  title: text.split("\n")[0] ?? "",
  manifest: /```toml\n(.*?)```/s.exec(text)?.[1] ?? "",
  console: /```console\n(.*?)```/s.exec(text)?.[1] ?? "",
}));

Deno.test("docs/from-other-tools.md: every row of the table has an example, and every example a row", () => {
  const anchors = new Set([...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor));
  assertEquals(
    [...anchors].sort(),
    sections.map(({ title }) => title.toLowerCase().replaceAll(" ", "-")).sort(),
  );
});

Deno.test("docs/from-other-tools.md: the examples do what the page says", async (t) => {
  await using daemon = await project(binary);
  for (const { title, manifest, console } of sections) {
    await t.step(title, async () => {
      assert(manifest !== "" && console !== "", title);
      daemon.sandbox.manifest(manifest);
      const blocks = console.split(/^\$ /m).slice(1).map((block) => block.split("\n"));
      const script = blocks.map(([command]) => `(${command}) 2>&1`).join("\n");
      const { stdout } = await daemon.sandbox.shell(binary, `export HAFT_TRUST=1\n${script}`);
      const expected = blocks.flatMap(([, ...lines]) => lines).filter((line) => line !== "");
      assertEquals(stdout.split("\n").filter((line) => line !== ""), expected);
    });
  }
});
