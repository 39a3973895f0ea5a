import { assert } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../../scripts/support/project.ts";

const COLUMNS = 80;
const TWO_SCREENS = 2 * 50;

Deno.test("README.md: what haft is and how to begin fit two screens before the tour", () => {
  const [before = "", tour] = readFileSync(join(projectRoot, "README.md"), "utf8").split("\n## A tour\n");
  assert(tour !== undefined);
  const lines = before.split("\n").map((line) => Math.max(1, Math.ceil(line.length / COLUMNS)));
  const shown = lines.reduce((sum, count) => sum + count, 0);
  assert(shown <= TWO_SCREENS, `${shown} lines`);
});
