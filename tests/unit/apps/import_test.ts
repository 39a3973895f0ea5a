import { assertEquals } from "@std/assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { stringify } from "smol-toml";
import { readApps } from "../../../src/apps/config/parse_apps.ts";
import { importText } from "../../../src/apps/import/import_apps.ts";
import { errorMessage } from "../../../src/base/errors.ts";
import { readBunctlConfig } from "../../../src/dialects/bunctl_config.ts";

/**
 * Each file below `tests/golden/import` is one of another supervisor, by that supervisor's documentation, and
 * `FILE.out` is what becomes of it. `HAFT_UPDATE_GOLDEN=1` writes these anew.
 */
const CORPUS = new URL("../../golden/import/", import.meta.url).pathname;
const formats = readdirSync(CORPUS).sort();

for (const format of formats) {
  const directory = join(CORPUS, format);
  const files = readdirSync(directory).filter((name) => !name.endsWith(".out")).sort();
  Deno.test(`importText() makes of ${files.length} files of ${format} what their .out says`, async () => {
    for (const file of files) {
      const golden = join(directory, `${file}.out`);
      const outcome = await outcomeOf(directory, file);
      if (process.env["HAFT_UPDATE_GOLDEN"] === "1") writeFileSync(golden, outcome);
      assertEquals(outcome, existsSync(golden) ? readFileSync(golden, "utf8") : "", join(format, file));
    }
  });
}

/** @param file may name pm2's environment: `env_production.env=production.json` */
async function outcomeOf(directory: string, file: string): Promise<string> {
  return await outcomeOfText(file, readFileSync(join(directory, file), "utf8"));
}

async function outcomeOfText(file: string, text: string): Promise<string> {
  const [, environment] = /\.env=([a-z]+)\./.exec(file) ?? [];
  try {
    const options = { path: file, directory: "/nowhere", environment, bunctl: readBunctlConfig };
    const { apps, notes } = await importText(text, options);
    assertEquals(readApps(apps).problems, [], file);
    const named = notes.map(({ app, key, why }) => `# ${[app ?? "(file)", key, why].join(" | ")}\n`);
    return `${Object.keys(apps).length === 0 ? "" : stringify({ apps }).trimEnd() + "\n"}${named.join("")}`;
  } catch (error) {
    return `error: ${errorMessage(error)}\n`;
  }
}

Deno.test("docs/from-process-managers.md: each example becomes what the page says", async () => {
  const path = new URL("../../../docs/from-process-managers.md", import.meta.url).pathname;
  const page = readFileSync(path, "utf8");
  const example = /```\w+ (\S+)\n([^]*?)```\n\n```toml\n([^]*?)```/g;
  let count = 0;
  let current = page;
  for (const [whole, file = "", text = "", said = ""] of page.matchAll(example)) {
    const outcome = await outcomeOfText(file, text);
    count++;
    if (process.env["HAFT_UPDATE_GOLDEN"] === "1") {
      current = current.replace(whole, () => whole.slice(0, -(said.length + 3)) + `${outcome}\`\`\``);
    } else assertEquals(said, outcome, file);
  }
  if (current !== page) writeFileSync(path, current);
  assertEquals(count, 5);
});
