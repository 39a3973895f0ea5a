import type { CommandGroup } from "../command.ts";
import { command } from "../command_entry.ts";

/** `haft app …`. */
export const group: CommandGroup = {
  commands: [
    command("up", "Start the project's apps in front; Ctrl-C stops them", () => import("./up.ts")),
    command("down", "Stop the project's apps, dependents first", () => import("./down.ts")),
    command("start", "Start apps, or a command as an app", () => import("./start.ts")),
    command("stop", "Stop apps", () => import("./stop.ts")),
    command("restart", "Stop apps and start them again", () => import("./restart.ts")),
    command("reload", "Restart apps with a new instance ready first", () => import("./reload.ts")),
    command("scale", "Change how many instances apps have", () => import("./scale.ts")),
    command("status", "Show the state of apps and their processes", () => import("./status.ts")),
    command("list", "List the names of apps", () => import("./list.ts")),
    command("logs", "Show what apps wrote, and follow it", () => import("./logs.ts")),
    command("top", "Watch apps and their logs on a full screen", () => import("./top.ts")),
    command("delete", "Stop apps and forget them", () => import("./delete.ts")),
    command("save", "Keep the list of running apps, for restore", () => import("./save.ts")),
    command("restore", "Start the apps of the list that was saved", () => import("./restore.ts")),
    command(
      "import",
      "Take over the apps of pm2, process-compose, a Procfile …",
      () => import("./import.ts"),
    ),
  ],
  examples: [
    "haft app up                    # in front: Ctrl-C stops them all",
    "haft app start web worker",
    "haft app start tunnel -- ssh -N build-host",
    "haft app logs -f --grep error",
  ],
};
