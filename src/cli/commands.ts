import type { Command } from "./command.ts";

/** A command as the table knows it: enough for help and completions, and the way to the rest. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Left out of the list in `haft --help`. */
  readonly hidden?: boolean;
  // Commands differ in what their options are; only a command itself looks at its own.
  load(): Promise<Command<unknown>>;
}

function entry(name: string, summary: string, load: () => Promise<{ command: unknown }>): CommandEntry {
  return { name, summary, load: async () => (await load()).command as Command<unknown> };
}

/** Every command. A command's module is imported when it runs, and not before: `haft exec` pays for nothing else. */
export const COMMANDS: readonly CommandEntry[] = [
  entry("sync", "Install every tool of the project", () => import("./sync.ts")),
  { ...entry("exec", "Run a tool at the project's version", () => import("./exec.ts")), aliases: ["x"] },
  entry("which", "Show the executable that runs, and what decided", () => import("./which.ts")),
  entry("ls", "List the project's tools, or all that are installed", () => import("./ls.ts")),
  entry("use", "Add a tool to haft.toml, or change its version", () => import("./use.ts")),
  entry("install", "Install a tool without touching haft.toml", () => import("./install.ts")),
  entry("uninstall", "Remove a tool from the store", () => import("./uninstall.ts")),
  entry("env", "Print the project's environment", () => import("./env.ts")),
  entry("shims", "Write a shim for every installed tool, for PATH", () => import("./shims.ts")),
  entry("activate", "Print the shell line that puts the shims on PATH", () => import("./activate.ts")),
  entry("init", "Write a haft.toml for this directory", () => import("./init.ts")),
  entry("trust", "Allow this project's settings that can run code", () => import("./trust.ts")),
  entry("app", "Start, watch and stop the project's processes", () => import("./app.ts")),
  entry("task", "Run the project's tasks, and follow them", () => import("./task.ts")),
  entry("daemon", "Start, stop and look at the per-user daemon", () => import("./daemon.ts")),
  entry("ipc-send", "Call the daemon from a script, and stream its events", () => import("./ipc_send.ts")),
  entry("doctor", "Look for what is wrong, and say how to mend it", () => import("./doctor.ts")),
  entry("completions", "Print a shell's completion script", () => import("./completions.ts")),
];

export function findCommand(name: string): CommandEntry | undefined {
  return COMMANDS.find((command) => command.name === name || command.aliases?.includes(name));
}
