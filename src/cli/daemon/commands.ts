import type { CommandGroup } from "../command.ts";
import { command } from "../command_entry.ts";

/** `haft daemon …`. */
export const group: CommandGroup = {
  commands: [
    command("start", "Start the daemon, unless it runs", () => import("./start.ts")),
    command("stop", "Stop the daemon, and with it apps and tasks", () => import("./stop.ts")),
    command("restart", "Start the daemon anew; apps and tasks go on", () => import("./restart.ts")),
    command("status", "Show the daemon's process, socket and load", () => import("./status.ts")),
    command("logs", "Show the daemon's own log", () => import("./logs.ts")),
    command("run", "Be the daemon, in front: for systemd and containers", () => import("./run.ts")),
    command("enable", "Write a service that starts it at each login", () => import("./enable.ts")),
  ],
  examples: [
    "haft daemon start",
    "haft daemon status --json",
    "haft daemon run   # in front, for systemd and containers",
  ],
};
