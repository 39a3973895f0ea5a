import type { CommandGroup } from "../command.ts";
import { command } from "../command_entry.ts";

/** `haft self …`. */
export const group: CommandGroup = {
  commands: [
    command("update", "Replace this haft by a newer release", () => import("./update.ts")),
    command("rollback", "Go back to the haft that the last update replaced", () => import("./rollback.ts")),
    command("uninstall", "Remove haft and everything it keeps for you", () => import("./uninstall.ts")),
  ],
  examples: ["haft self update --check", "haft self update", "haft self uninstall"],
};
