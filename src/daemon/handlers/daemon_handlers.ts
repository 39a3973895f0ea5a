import { accessSync, constants } from "node:fs";
import process from "node:process";
import type { Hub } from "../../hub/hub.ts";
import type { Home } from "../../protocol/hello.ts";
import { PROTOCOL_RANGE } from "../../protocol/protocol_range.ts";
import type { daemonMethods, DaemonMetrics } from "../../protocol/methods/daemon_methods.ts";
import type { Handlers } from "../method_table.ts";
import { requireSuccession, type StopOptions } from "../legacy.ts";
import { openMetricsText } from "../open_metrics.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import type { RotatingLog } from "../rotating_log.ts";
import type { Server } from "../server.ts";

export interface DaemonHandlerDeps {
  hub: Hub;
  server: Server;
  log: RotatingLog;
  /** Where it listens now. */
  socket: () => string;
  version: string;
  build: string;
  home: Home;
  /** Seconds since the start. */
  uptime: () => number;
  internalErrors: () => number;
  /** Tools that are answered for from memory. */
  cachedRuntimes: () => number;
  /** Figures of the channels to backends. */
  channels: () => DaemonMetrics["channels"];
  /** Begins to stop; returns at once. */
  stop: (reason: string, how: StopOptions) => void;
}

/** Methods about the daemon itself. */
export function daemonHandlers(deps: DaemonHandlerDeps): Handlers<typeof daemonMethods> {
  const { hub, server, log } = deps;
  return {
    "daemon.ping": () => ({ uptime_secs: deps.uptime(), cached_runtimes: deps.cachedRuntimes() }),
    "daemon.status": () => ({
      pid: process.pid,
      version: deps.version,
      build: deps.build,
      executable: process.execPath,
      protocol: [...PROTOCOL_RANGE],
      uptime_secs: deps.uptime(),
      socket: deps.socket(),
      home: deps.home,
      log: log.path,
      epoch: hub.epoch,
      seq: hub.seq,
      clients: server.connections.size,
      requests_in_flight: server.requestsInFlight,
      rss_bytes: residentBytes(),
      internal_errors: deps.internalErrors(),
    }),
    "daemon.shutdown": ({ keep_apps: keepApps, successor }) => {
      if (successor !== undefined) requireUsable(successor.command);
      // In a later turn, so that the answer goes out first.
      setTimeout(() => deps.stop("a client asked for it", { keepApps, successor }), 0);
      return { pid: process.pid };
    },
    "daemon.metrics": ({ format }) => {
      const metrics = readMetrics(deps);
      const connections = [...server.connections.values()].map(({ figures }) => figures);
      const channels = deps.channels();
      return format === "json"
        ? { format, metrics, connections, channels }
        : { format, text: openMetricsText(metrics, { connections, channels }) };
    },
    "daemon.describe": async ({ method }) => {
      const { describeProtocol } = await import("../describe_protocol.ts");
      return describeProtocol(method);
    },
    "log.tail": ({ lines }) => ({ path: log.path, lines: log.tail(lines) }),
  };
}

/** A daemon that has stopped for a program that cannot be run would be gone. */
function requireUsable([file = ""]: readonly string[]): void {
  requireSuccession();
  try {
    accessSync(file, constants.X_OK);
  } catch (error) {
    throw new RequestError("invalid_params", `"${file}" cannot be run`, { cause: error });
  }
}

function readMetrics({ hub, server, uptime, internalErrors }: DaemonHandlerDeps): Record<string, number> {
  const { traffic } = server;
  const { events, bytes } = hub.retained;
  return {
    haft_uptime_seconds: uptime(),
    haft_resident_memory_bytes: residentBytes(),
    haft_connections: server.connections.size,
    haft_connections_total: traffic.accepted,
    haft_requests_in_flight: server.requestsInFlight,
    haft_frames_received_total: traffic.receivedFrames,
    haft_bytes_received_total: traffic.receivedBytes,
    haft_bytes_sent_total: traffic.sentBytes,
    haft_slow_consumers_total: traffic.slowConsumers,
    haft_events_total: hub.seq,
    haft_ring_events: events,
    haft_ring_bytes: bytes,
    haft_internal_errors_total: internalErrors(),
  };
}

/** 0 when it is unknown: reading it takes a file descriptor, and there may be none left. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
