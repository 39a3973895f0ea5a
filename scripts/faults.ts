import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { deno, runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";

/**
 * The faults that take too long for the gate: no descriptors left, stopped and flooding clients, a hundred
 * starts at once. They run the release binary; the last line is `N passed, M failed`. Arguments are names of
 * files in tests/faults/heavy/.
 *
 *     deno run -A scripts/faults.ts [descriptors starts …]
 */
const heavy = join("tests", "faults", "heavy");
const named = process.argv.slice(2).map((name) => `${name}.ts`);
const files = readdirSync(join(projectRoot, heavy)).filter((name) =>
  named.length === 0 || named.includes(name)
);
if (files.length === 0) throw new RangeError(`There is no ${named.join(", ")} in ${heavy}`);
const paths = files.map((name) => join(heavy, name));
process.exitCode = (await runCommand([deno, "run", "-A", "--quiet", "scripts/test.ts", ...paths])).code;
