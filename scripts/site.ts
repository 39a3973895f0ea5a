/**
 * Makes dist/site of docs/, README.md, CHANGELOG.md and the tables of commands. The generator is installed
 * into a cache of its own, by site/package-lock.json.
 */
import { parseArgs } from "@std/cli/parse-args";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import settings from "../deno.json" with { type: "json" };
import { SCHEMA_URL } from "../src/base/schema_url.ts";
import { deadLinks } from "./site/check_links.ts";
import { commandPage } from "./site/command_pages.ts";
import { withPictures } from "./site/plots.ts";
import { mustRun } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";

const source = join(projectRoot, "site");
const out = join(projectRoot, "dist", "site");
const SCHEMA = "haft.schema.json";

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
  await mustRun(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: cache });
  writeFileSync(join(cache, "complete"), "");
  return modules;
}

/** Links to files of the repository that are no pages lose their address, and keep their text. */
function asPage(text: string, pages: ReadonlySet<string>): string {
  return text.replaceAll(
    /\[([^\]]*)\]\(([^)\s]+)\)/g,
    (whole, label: string, address: string) => {
      if (/^(?:[a-z]+:|#)/.test(address)) return whole;
      const [path = "", anchor] = address.replace(/^(?:\.\.\/|\.\/)+/, "")
        .replace(/^docs\//, "").split("#");
      const name = path === "README.md" ? "start.md" : path === "CHANGELOG.md" ? "changelog.md" : path;
      const end = anchor === undefined ? "" : `#${anchor}`;
      if (path === SCHEMA) return `[${label}](./schema.md)`;
      return pages.has(name) ? `[${label}](./${name}${end})` : label;
    },
  );
}

async function writePages(directory: string): Promise<void> {
  const docs = join(projectRoot, "docs");
  const names = readdirSync(docs).filter((name) => name.endsWith(".md"));
  const texts = new Map(names.map((name) => [name, readFileSync(join(docs, name), "utf8")]));
  texts.set("start.md", readFileSync(join(projectRoot, "README.md"), "utf8"));
  texts.set("changelog.md", readFileSync(join(projectRoot, "CHANGELOG.md"), "utf8"));
  texts.set(
    "benchmarks.md",
    withPictures(
      texts.get("benchmarks.md") ?? "",
      (path) => existsSync(join(docs, path)) ? readFileSync(join(docs, path), "utf8") : undefined,
    ),
  );
  texts.set("commands.md", await commandPage());
  texts.set(
    "schema.md",
    "# JSON Schema\n\nEditors check and complete `haft.toml` by the schema at an address that stays, " +
      `<${SCHEMA_URL}>. \`haft init\` names it in the first line that it writes. ` +
      `[The schema of this version](/${SCHEMA}){target="_self"} has an address of its own.\n`,
  );
  const pages = new Set(texts.keys());
  for (const [name, text] of texts) {
    writeFileSync(join(directory, name), asPage(text, pages));
  }
  cpSync(join(docs, SCHEMA), join(directory, "public", SCHEMA));
}

/**
 * Makes the pages of this version below `v1.2.3/`, and at the root what leads every address without a version
 * to them. Earlier versions stay where they are when a publisher copies the result over a site.
 *
 * @param base the path that the site is published under, with a slash at both ends
 * @returns the directory of the site
 * @throws {Error} when a link in it leads nowhere
 */
export async function buildSite({ base = "/" }: { base?: string } = {}): Promise<string> {
  const modules = await siteTools();
  // Inside the cache, where the pages find the generator's packages.
  const work = mkdtempSync(join(modules, "..", "pages-"));
  const version = `v${settings.version}`;
  rmSync(out, { recursive: true, force: true });
  try {
    copyFiles(source, work);
    await writePages(work);
    const generator = join(modules, "vitepress", "bin", "vitepress.js");
    await mustRun(["node", generator, "build", work, "--outDir", join(out, version)], {
      cwd: work,
      env: { HAFT_SITE_VERSION: settings.version, HAFT_SITE_BASE: `${base}${version}/`, NO_COLOR: "1" },
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  writeUnversioned(version);
  const dead = deadLinks(out, base);
  if (dead.length > 0) {
    throw new Error(`${dead.length} links lead nowhere:\n${dead.join("\n")}`);
  }
  return out;
}

/** What the generator reads beside the pages: its configuration, and what the pages look like. */
function copyFiles(from: string, to: string): void {
  cpSync(join(from, "config.js"), join(to, ".vitepress", "config.js"));
  cpSync(join(from, "theme"), join(to, ".vitepress", "theme"), { recursive: true });
  cpSync(join(from, "index.md"), join(to, "index.md"));
  cpSync(join(from, "demo.cast"), join(to, "public", "demo.cast"));
}

/** Addresses that stay from version to version: each page, and the schema that `haft init` names. */
function writeUnversioned(version: string): void {
  for (const name of readdirSync(join(out, version)).filter((name) => name.endsWith(".html"))) {
    const target = name === "index.html" ? `./${version}/` : `./${version}/${name}`;
    writeFileSync(
      join(out, name),
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>haft</title>` +
        `<meta http-equiv="refresh" content="0; url=${target}"><a href="${target}">haft ${settings.version}</a></html>\n`,
    );
  }
  copyFileSync(join(out, version, SCHEMA), join(out, SCHEMA));
}

if (import.meta.main) {
  const { base } = parseArgs(process.argv.slice(2), { string: ["base"], default: { base: "/" } });
  const site = await buildSite({ base: String(base) });
  const pages = readdirSync(join(site, `v${settings.version}`)).filter((name) => name.endsWith(".html"));
  console.log(`${site}: ${pages.length} pages, every link leads somewhere`);
}
