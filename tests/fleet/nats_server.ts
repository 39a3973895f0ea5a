import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { runCommand } from "../../scripts/support/command.ts";

/** The version that haft installs. */
const VERSION = "2.15.3";

/**
 * A real nats-server, built once into a cache outside of the repository.
 *
 * @returns its path, or why there is none
 */
async function provide(): Promise<{ path: string } | { missing: string }> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const directory = join(cache, "haft-tests", `nats-server-${VERSION}`);
  const path = join(directory, "nats-server");
  if (existsSync(path)) return { path };
  try {
    const { code, stderr } = await runCommand(
      ["go", "install", `github.com/nats-io/nats-server/v2@v${VERSION}`],
      { env: { GOBIN: directory }, output: "capture" },
    );
    return code === 0 ? { path } : { missing: `go could not build nats-server: ${stderr}` };
  } catch {
    return { missing: "there is no Go to build nats-server with" };
  }
}

const provided = await provide();
if ("missing" in provided) console.warn(`tests/fleet is skipped: ${provided.missing}`);

/** Whether tests of a fleet are to be skipped. */
export const noServer: boolean = "missing" in provided;
export const natsServer: string = "path" in provided ? provided.path : "";
