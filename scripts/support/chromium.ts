import { existsSync } from "node:fs";
import process from "node:process";
import { mustRun } from "./command.ts";

/**
 * The machine's Chromium, which browser tests drive. Root gets Debian's where there is none.
 *
 * @throws {Error} naming the step that failed
 */
export async function chromiumProgram(): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) {
    throw new Error("There is no Chromium, and only root can install one");
  }
  await installDebian(["chromium"]);
  const installed = findChromium();
  if (installed === undefined) {
    throw new Error("The package chromium has brought no chromium");
  }
  return installed;
}

/** Packages of Debian, as root. */
export async function installDebian(packages: readonly string[]): Promise<void> {
  await mustRun(["apt-get", "update", "-qq"], { cwd: "/" });
  await mustRun(["apt-get", "install", "-y", "-qq", ...packages], {
    cwd: "/",
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}

function findChromium(): string | undefined {
  return ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
}
