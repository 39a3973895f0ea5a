import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { chromiumProgram, installDebian } from "../support/chromium.ts";
import { mustRun } from "../support/command.ts";

const VERSION = "4.96.4";
/** Modules of code-server's own tree that are compiled: its install scripts would fetch VS Code's Node. */
const COMPILED = ["node-pty", "@vscode/spdlog", "native-watchdog", "kerberos"];
const SYSTEM_PACKAGES = ["libkrb5-dev", "libsecret-1-dev", "libxkbfile-dev", "libx11-dev", "pkg-config"];

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
  const chromium = await chromiumProgram();
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

/**
 * Installs a packed extension as `code --install-extension` does.
 *
 * @returns the directory of extensions
 */
export async function installExtension(vsix: string, { codeServer }: EditorPrograms): Promise<string> {
  const work = join(dirname(vsix), "editor");
  const extensions = join(work, "extensions");
  rmSync(extensions, { recursive: true, force: true });
  mkdirSync(extensions, { recursive: true });
  await mustRun([
    "node",
    codeServer,
    `--config=${join(work, "code-server.yaml")}`,
    `--user-data-dir=${join(work, "data")}`,
    `--extensions-dir=${extensions}`,
    "--install-extension",
    vsix,
  ]);
  return extensions;
}

/** The variables that the tests' editor gets. */
export function editorVariables(
  { binary, extensions, programs }: { binary: string; extensions: string; programs: EditorPrograms },
): Record<string, string> {
  return {
    HAFT_TEST_BINARY: binary,
    // The sandbox that these tests share with others wants them named; none of these tests runs them.
    HAFT_TEST_BUN: binary,
    HAFT_TEST_FAILPOINT_BINARY: binary,
    HAFT_TEST_EXTENSIONS: extensions,
    HAFT_TEST_CODE_SERVER: programs.codeServer,
    HAFT_TEST_CHROMIUM: programs.chromium,
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
  };
}

async function installCodeServer(root: string): Promise<void> {
  if (process.getuid?.() === 0) await installDebian(SYSTEM_PACKAGES);
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  writeFileSync(join(root, "package.json"), '{ "private": true }\n');
  await mustRun(["npm", "install", `code-server@${VERSION}`, "--ignore-scripts", ...quiet], { cwd: root });
  const nodeHeaders = { npm_config_nodedir: "/usr" };
  await mustRun(["npm", "rebuild", "argon2"], { cwd: root, env: nodeHeaders });
  const code = join(root, "node_modules", "code-server", "lib", "vscode");
  const withoutScripts = ["npm", "install", "--omit=dev", "--ignore-scripts", ...quiet];
  // The lock files name a host of VS Code's own.
  for (const directory of [code, join(code, "extensions")]) {
    for (const name of ["npm-shrinkwrap.json", "package-lock.json"]) {
      rmSync(join(directory, name), { force: true });
    }
  }
  await mustRun([...withoutScripts, "--legacy-peer-deps"], { cwd: code });
  for (const name of COMPILED) {
    const cwd = join(code, "node_modules", name);
    await mustRun(["npx", "--yes", "node-gyp", "rebuild", "--nodedir=/usr"], { cwd });
  }
  await mustRun(withoutScripts, { cwd: join(code, "extensions") });
}
