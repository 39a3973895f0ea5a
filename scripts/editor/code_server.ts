import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../support/command.ts";

const VERSION = "4.96.4";
/** Modules of code-server's own tree that are compiled: its install scripts would fetch VS Code's Node. */
const COMPILED = ["node-pty", "@vscode/spdlog", "native-watchdog", "kerberos"];
const SYSTEM_PACKAGES = [
  "chromium",
  "libkrb5-dev",
  "libsecret-1-dev",
  "libxkbfile-dev",
  "libx11-dev",
  "pkg-config",
];

export interface EditorPrograms {
  /** code-server's entry, for Node. */
  codeServer: string;
  chromium: string;
}

/** Where programs lie that only development needs. */
function cacheDirectory(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "haft-dev");
}

/**
 * A VS Code of this machine, installed once into the cache: code-server by npm, compiled against the
 * machine's Node, and Debian's Chromium.
 *
 * @throws {Error} naming the step that failed
 */
export async function editorPrograms(): Promise<EditorPrograms> {
  const chromium = await chromiumOf();
  const root = join(cacheDirectory(), `code-server-${VERSION}`);
  const ready = join(root, ".ready");
  if (!existsSync(ready)) {
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    await installCodeServer(root);
    writeFileSync(ready, "");
  }
  return { chromium, codeServer: join(root, "node_modules", "code-server", "out", "node", "entry.js") };
}

async function installCodeServer(root: string): Promise<void> {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  writeFileSync(join(root, "package.json"), '{ "private": true }\n');
  await step(["npm", "install", `code-server@${VERSION}`, "--ignore-scripts", ...quiet], root);
  const nodeHeaders = { npm_config_nodedir: "/usr" };
  await step(["npm", "rebuild", "argon2"], root, nodeHeaders);
  const code = join(root, "node_modules", "code-server", "lib", "vscode");
  const withoutScripts = ["npm", "install", "--omit=dev", "--ignore-scripts", ...quiet];
  // The lock files name a host of VS Code's own.
  for (const directory of [code, join(code, "extensions")]) {
    for (const name of ["npm-shrinkwrap.json", "package-lock.json"]) {
      rmSync(join(directory, name), { force: true });
    }
  }
  await step([...withoutScripts, "--legacy-peer-deps"], code);
  for (const name of COMPILED) {
    await step(["npx", "--yes", "node-gyp", "rebuild", "--nodedir=/usr"], join(code, "node_modules", name));
  }
  await step(withoutScripts, join(code, "extensions"));
}

async function chromiumOf(): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) {
    throw new Error("There is no Chromium, and only root can install one");
  }
  await step(["apt-get", "update", "-qq"], "/");
  await step(["apt-get", "install", "-y", "-qq", ...SYSTEM_PACKAGES], "/", {
    DEBIAN_FRONTEND: "noninteractive",
  });
  const installed = findChromium();
  if (installed === undefined) {
    throw new Error("The package chromium has brought no chromium");
  }
  return installed;
}

function findChromium(): string | undefined {
  return ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
}

async function step(argv: string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
  const { code, stdout, stderr } = await runCommand(argv, { cwd, env, output: "capture" });
  if (code !== 0) {
    throw new Error(`"${argv.join(" ")}" failed:\n${(stdout + stderr).slice(-2_000)}`);
  }
}
