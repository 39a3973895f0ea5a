import type { Env } from "../../base/env.ts";
import type { TerminalLoan } from "../../base/terminal_loan.ts";
import type { OutputHandler } from "../../runtime/mod.ts";
import type { UserContext } from "../../tools/project/project.ts";
import type { ProjectTasks } from "../project_tasks.ts";
import type { TaskArguments } from "../task_arguments.ts";
import type { TaskConfig } from "../task_schema.ts";
import type { FrontJournal } from "./front_files.ts";
import type { FrontStdin } from "./front_process.ts";

/** How {@link FrontTask} runs a task. */
export interface FrontTaskOptions {
  user: UserContext;
  /** Tells the daemon of it. */
  journal: FrontJournal;
  project: ProjectTasks;
  /** Undefined for a command that no manifest has. */
  name: string | undefined;
  config: TaskConfig | undefined;
  command: readonly string[] | null;
  given: TaskArguments;
  inherited: Env;
  callerDirectory: string;
  stdin: FrontStdin;
  /** It has the terminal through one of its own, whose output goes to the log too. */
  recorded: boolean;
  /** Lends it the terminal's Ctrl-C. */
  lendTerminal: (onInterrupt: () => void) => TerminalLoan;
  /** Takes each signal of the user's after the one that aborts `signal`. */
  onFurtherSignal: (handler: () => void) => Disposable;
  /** Its output goes straight to haft's stdout and stderr, past the log. */
  direct: boolean;
  onOutput: OutputHandler;
  /** Its abort cancels the task, by the signal that `endingSignal()` finds in its reason. */
  signal: AbortSignal;
  /** Runs it although nothing changed. */
  force: boolean;
  /** Why it runs, or what did not change. */
  onReason: (reason: string) => void;
  /** The command ignores Ctrl-C, and what it is sent instead. */
  onInsistence: (text: string) => void;
}
