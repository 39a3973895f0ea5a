import type { CommandGroup } from "../command.ts";
import { command } from "../command_entry.ts";

/** `haft task …`. */
export const group: CommandGroup = {
  commands: [
    command("run", "Run tasks in front, each after those it depends on", () => import("./run.ts")),
    command("start", "Start tasks, or a command as a task, and print ids", () => import("./start.ts")),
    command("list", "List the newest tasks", () => import("./list.ts")),
    command("status", "Show tasks, and what was said to and by them", () => import("./status.ts")),
    command("logs", "Show what a task printed, and follow it", () => import("./logs.ts")),
    command("send", "Send a text to a running task", () => import("./send.ts")),
    command("wait", "Wait until tasks are over; the exit code says how", () => import("./wait.ts")),
    command("cancel", "End tasks that wait or run", () => import("./cancel.ts")),
    command("close", "Cancel tasks that run, and forget them", () => import("./close.ts")),
    command("resume", "Run tasks again that are over, with their history", () => import("./resume.ts")),
  ],
  examples: [
    "haft task run test",
    'id=$(haft task start build); haft task wait "$id"',
    "haft task start -- make -j4",
    "haft task list --json",
  ],
};
