/**
 * Installs what the config in its first argument says, in a process of its own, which a test can kill, limit
 * or start twenty times. Prints the result as JSON; a failure as `error` and `next`, with exit code 1.
 */
import process from "node:process";
import { HaftError } from "../../../src/base/errors.ts";
import { resolvePaths } from "../../../src/base/paths.ts";
import type { InstallConfig } from "../../../src/protocol/install.ts";
import { createHttpClient } from "../../../src/tools/http/http_client.ts";
import { installTool } from "../../../src/tools/install/install_tool.ts";
import { noRegistry, noServices } from "../../support/artifact_server.ts";

const [configText = "", home = ""] = process.argv.slice(2);
const config: InstallConfig = JSON.parse(configText);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort(new Error("terminated")));
try {
  const { path, alreadyInstalled } = await installTool(config, {
    paths: resolvePaths({ env: { HAFT_HOME: home }, platform: process.platform, home }),
    ...noServices,
    http: createHttpClient(),
    registry: noRegistry,
    report: () => {},
    signal: stop.signal,
    version: "0.1.0",
    env: process.env,
  });
  console.log(JSON.stringify({ path, alreadyInstalled }));
} catch (error) {
  const next = error instanceof HaftError ? error.next : undefined;
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error), next }));
  process.exitCode = 1;
}
