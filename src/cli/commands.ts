import type { CommandEntry } from "./command.ts";
import { command, group } from "./command_entry.ts";

/** Every command. `haft exec` pays for none of the others: a module is imported when its command runs. */
export const COMMANDS: readonly CommandEntry[] = [
  command("sync", "Install every tool of the project", () => import("./sync.ts")),
  { ...command("exec", "Run a tool at the project's version", () => import("./exec.ts")), aliases: ["x"] },
  command("which", "Show the executable that runs, and what decided", () => import("./which.ts")),
  command("ls", "List the project's tools, or all that are installed", () => import("./ls.ts")),
  command("use", "Add a tool to haft.toml, or change its version", () => import("./use.ts")),
  {
    ...command("remove", "Take a tool out of haft.toml", () => import("./tools/remove.ts")),
    aliases: ["rm"],
  },
  command("outdated", "List tools that have newer versions", () => import("./tools/outdated.ts")),
  command("upgrade", "Move tools to newer versions", () => import("./tools/upgrade.ts")),
  command("lock", "Write haft.lock without installing, or check it", () => import("./tools/lock.ts")),
  command("search", "Find a tool in the catalogue", () => import("./tools/search.ts")),
  command("info", "Show what haft knows of a tool", () => import("./tools/info.ts")),
  command("ls-remote", "List the versions that a tool has", () => import("./tools/ls_remote.ts")),
  command("install", "Install a tool without touching haft.toml", () => import("./install.ts")),
  command("uninstall", "Remove a tool from the store", () => import("./uninstall.ts")),
  command("prune", "Remove what no project asks for any more", () => import("./tools/prune.ts")),
  command("cache", "Show or empty what haft can fetch again", () => import("./tools/cache.ts")),
  command("config", "Show or change your own settings", () => import("./tools/config.ts")),
  command("env", "Print the project's environment", () => import("./env.ts")),
  command("shims", "Write a shim for every installed tool, for PATH", () => import("./shims.ts")),
  command("activate", "Print the shell line that puts the shims on PATH", () => import("./activate.ts")),
  command("init", "Write a haft.toml for this directory", () => import("./init.ts")),
  command("check", "Check all of haft.toml, with line and column", () => import("./check/check.ts")),
  command("trust", "Allow this project's settings that can run code", () => import("./trust.ts")),
  group("app", "Start, watch and stop the project's processes", () => import("./app/commands.ts")),
  command("run", "Run tasks in front, each after those it depends on", () => import("./task/run.ts")),
  command("watch", "Run tasks again whenever their inputs change", () => import("./task/watch.ts")),
  command("tasks", "List the tasks that the project declares", () => import("./task/declared.ts")),
  group("task", "Run the project's tasks, and follow them", () => import("./task/commands.ts")),
  group("daemon", "Start, stop and look at the per-user daemon", () => import("./daemon/commands.ts")),
  command("ipc-send", "Call the daemon from a script, and stream its events", () => import("./ipc/send.ts")),
  group("fleet", "Join machines on NATS, and see which are there", () => import("./fleet/commands.ts")),
  group("self", "Update haft, go back, or remove it", () => import("./self/commands.ts")),
  command("doctor", "Look for what is wrong, and say how to fix it", () => import("./doctor.ts")),
  command(
    "completions",
    "Print a shell's completion script",
    () => import("./completion/completions.ts"),
  ),
  {
    ...command("complete", "Print the words that can come next, for a shell's completion", async () => {
      const { completeCommand } = await import("./completion/complete.ts");
      return { command: completeCommand(COMMANDS) };
    }),
    hidden: true,
  },
];
