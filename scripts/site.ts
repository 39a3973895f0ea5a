/**
 * Makes dist/site of docs/, README.md, CHANGELOG.md and the tables of commands. The generator is installed
 * into a cache of its own, by site/package-lock.json.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import settings from "../deno.json" with { type: "json" };
import { deadLinks } from "./site/check_links.ts";
import { commandPage } from "./site/command_pages.ts";
import { runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";

const source = join(projectRoot, "site");
const out = join(projectRoot, "dist", "site");

/** @returns where the generator's packages are */
export async function siteTools(): Promise<string> {
  const lock = readFileSync(join(source, "package-lock.json"));
  const key = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "haft-site", key);
  const modules = join(cache, "node_modules");
  if (existsSync(join(cache, "complete"))) return modules;
  mkdirSync(cache, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) {
    copyFileSync(join(source, name), join(cache, name));
  }
  const argv = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { code, stderr } = await runCommand(argv, { cwd: cache, output: "capture" });
  if (code !== 0) throw new Error(`The site's generator cannot be installed:\n${stderr}`);
  writeFileSync(join(cache, "complete"), "");
  return modules;
}

/** Links to files of the repository that are no pages lose their address, and keep their text. */
function asPage(text: string, pages: ReadonlySet<string>): string {
  return text.replaceAll(/\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, label: string, address: string) => {
    if (/^(?:[a-z]+:|#)/.test(address)) return whole;
    const [path = "", anchor] = address.replace(/^(?:\.\.\/|\.\/)+/, "").replace(/^docs\//, "").split("#");
    const name = path === "README.md" ? "start.md" : path === "CHANGELOG.md" ? "changelog.md" : path;
    const end = anchor === undefined ? "" : `#${anchor}`;
    if (path === "haft.schema.json") return `[${label}](./schema.md)`;
    return pages.has(name) ? `[${label}](./${name}${end})` : label;
  });
}

async function writePages(directory: string): Promise<void> {
  const docs = join(projectRoot, "docs");
  const names = readdirSync(docs).filter((name) => name.endsWith(".md"));
  const texts = new Map(names.map((name) => [name, readFileSync(join(docs, name), "utf8")]));
  texts.set("start.md", readFileSync(join(projectRoot, "README.md"), "utf8"));
  texts.set("changelog.md", readFileSync(join(projectRoot, "CHANGELOG.md"), "utf8"));
  texts.set("commands.md", await commandPage());
  texts.set(
    "schema.md",
    "# JSON Schema\n\nEditors check and complete `haft.toml` by the schema at a path that stays: " +
      '[/schema/haft.schema.json](/schema/haft.schema.json){target="_self"}.\n',
  );
  const pages = new Set(texts.keys());
  for (const [name, text] of texts) writeFileSync(join(directory, name), asPage(text, pages));
  copyFileSync(join(source, "index.md"), join(directory, "index.md"));
  mkdirSync(join(directory, "public", "schema"), { recursive: true });
  copyFileSync(join(docs, "haft.schema.json"), join(directory, "public", "schema", "haft.schema.json"));
}

/** @returns the directory of the site @throws {Error} when a link in it leads nowhere */
export async function buildSite(): Promise<string> {
  const modules = await siteTools();
  const work = join(modules, "..", "site");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, ".vitepress"), { recursive: true });
  copyFileSync(join(source, "config.js"), join(work, ".vitepress", "config.js"));
  await writePages(work);
  const argv = ["node", join(modules, "vitepress", "bin", "vitepress.js"), "build", work, "--outDir", out];
  const env = { HAFT_SITE_VERSION: settings.version, NO_COLOR: "1" };
  const { code, stdout, stderr } = await runCommand(argv, { cwd: work, env, output: "capture" });
  if (code !== 0) throw new Error(`The site cannot be built:\n${stdout}${stderr}`);
  const dead = deadLinks(out);
  if (dead.length > 0) throw new Error(`${dead.length} links lead nowhere:\n${dead.join("\n")}`);
  return out;
}

if (import.meta.main) {
  const site = await buildSite();
  const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".html")
  );
  console.log(`${site}: ${pages.length} pages, every link leads somewhere`);
}
