/**
 * haft's daemon under Bun with other limits than a user's has: `daemon_with_limits.js SOCKET CONNECTIONS`.
 */
import { dirname, join } from "node:path";
import process from "node:process";
import { processContext } from "../../src/cli/context.ts";
import { Daemon } from "../../src/daemon/daemon.ts";
import { RotatingLog } from "../../src/daemon/rotating_log.ts";

const [socket = "", connections = ""] = process.argv.slice(2);
await Daemon.start({
  socket,
  log: new RotatingLog(join(dirname(socket), "daemon.log")),
  version: "bench",
  build: "bench",
  user: processContext(),
  settings: () => ({ connections: Number(connections), silent_connections: Number(connections) }),
});
