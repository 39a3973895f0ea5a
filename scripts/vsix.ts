import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { strToU8, unzipSync, zipSync } from "fflate";
import { VERSION } from "../src/base/version.ts";
import { bundleExtension, EXTENSION } from "./editor/bundle_extension.ts";
import { iconPng } from "./editor/icon.ts";
import { manifestWords } from "./editor/manifest_words.ts";
import { runCommand } from "./support/command.ts";
import { projectRoot } from "./support/project.ts";

/** `deno task vsix`: dist/haft-vscode-VERSION.vsix, the VS Code extension as it is installed. */
const VSCE = "@vscode/vsce@3.9.2";
const LARGEST = 300 * 1024;
const PICTURE = /!\[([^\]]*)\]\(([^()\s:]+\.png)\)\n/g;

export async function packExtension(): Promise<string> {
  const work = join(projectRoot, "dist", "vscode");
  const vsix = join(projectRoot, "dist", `haft-vscode-${VERSION}.vsix`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "media"), { recursive: true });
  await bundleExtension(join(work, "dist", "extension.js"));
  cpSync(join(EXTENSION, "media"), join(work, "media"), { recursive: true });
  writeFileSync(join(work, "media", "icon.png"), iconPng());
  copyFileSync(join(projectRoot, "docs", "haft.schema.json"), join(work, "media", "haft.schema.json"));
  const manual = readFileSync(join(projectRoot, "docs", "manifest.md"), "utf8");
  writeFileSync(join(work, "media", "manifest_words.json"), JSON.stringify(manifestWords(manual)));
  copyFileSync(join(EXTENSION, "CHANGELOG.md"), join(work, "CHANGELOG.md"));
  const readme = readFileSync(join(EXTENSION, "README.md"), "utf8");
  writeFileSync(join(work, "README.md"), readme.replaceAll(PICTURE, ""));
  copyFileSync(join(projectRoot, "LICENSE"), join(work, "LICENSE"));
  const manifest = JSON.parse(readFileSync(join(EXTENSION, "package.json"), "utf8"));
  writeFileSync(
    join(work, "package.json"),
    `${JSON.stringify({ ...manifest, version: VERSION }, null, 2)}\n`,
  );
  const { code, stdout, stderr } = await runCommand([
    "npx",
    "--yes",
    VSCE,
    "package",
    "--no-dependencies",
    "--allow-missing-repository",
    "--out",
    vsix,
  ], { cwd: work });
  if (code !== 0) throw new Error(`vsce package failed:\n${stdout}${stderr}`);
  addReadme(vsix, withPictures(readme, EXTENSION));
  const { size } = statSync(vsix);
  if (size > LARGEST) {
    throw new Error(`${vsix} has ${size} bytes, ${LARGEST} at most`);
  }
  return vsix;
}

/** A page with its pictures inside it. */
function withPictures(page: string, directory: string): string {
  return page.replaceAll(PICTURE, (_, words: string, path: string) => {
    const picture = readFileSync(join(directory, path)).toString("base64");
    return `![${words}](data:image/png;base64,${picture})\n`;
  });
}

/**
 * VS Code shows the page of an extension that came as a file without the files beside it, and vsce takes only
 * pictures of web servers; so the page with its pictures is put in afterwards.
 */
function addReadme(vsix: string, page: string): void {
  const files = unzipSync(readFileSync(vsix));
  files["extension/readme.md"] = strToU8(page);
  writeFileSync(vsix, zipSync(files, { level: 9 }));
}

if (import.meta.main) {
  const vsix = await packExtension();
  console.log(`${vsix} (${(statSync(vsix).size / 1024).toFixed(0)} KB)`);
  process.exitCode = 0;
}
