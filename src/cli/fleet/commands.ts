import type { CommandGroup } from "../command.ts";
import { command } from "../command_entry.ts";

/** `haft fleet …`. */
export const group: CommandGroup = {
  commands: [
    command("up", "Run a fleet's server here, and join it", () => import("./up.ts")),
    command("add-host", "Make a key and permissions for a further host", () => import("./add_host.ts")),
    command("remove-host", "Take a host's key from the server", () => import("./remove_host.ts")),
    command("join", "Make this machine a host of a fleet", () => import("./join.ts")),
    command("leave", "Take this machine out of its fleet", () => import("./leave.ts")),
    command("allow", "Say who may do what on this machine", () => import("./allow.ts")),
    command("status", "Show whether this machine is connected", () => import("./status.ts")),
    command("sync", "Install a project's tools on several hosts", () => import("./sync.ts")),
    command("ls", "List the hosts that are there", () => import("./ls.ts")),
    {
      ...command("guard", "End copies of apps that have lost their lease", () => import("./guard.ts")),
      hidden: true,
    },
  ],
  examples: [
    "haft fleet up --listen 10.0.0.1:4222",
    "haft fleet add-host web1   # writes web1.fleet, to be brought to web1",
    "haft fleet join web1.fleet --label role=web",
  ],
};
