import type { DaemonClient } from "../client/daemon_client.ts";
import type { Env } from "../base/env.ts";
import type { ExitCode } from "../base/exit_code.ts";
import type { Paths } from "../base/paths.ts";
import type { TerminalLoan } from "../base/terminal_loan.ts";
import type { Output } from "./output.ts";

/** All that a command may touch. */
export interface Context {
  readonly cwd: string;
  readonly env: Env;
  readonly home: string;
  /** `process.platform`. */
  readonly platform: string;
  readonly paths: Paths;
  readonly stdin: { readonly isTTY: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C or SIGTERM. A command that waits cleans up then, and the run ends with 130. */
  readonly signal: AbortSignal;
  /** Leaves Ctrl-C to a program that has the terminal. @param onInterrupt called for each Ctrl-C */
  lendTerminal(onInterrupt?: () => void): TerminalLoan;
  /** Handles each further Ctrl-C or SIGTERM once `signal` is aborted; by default it ends haft at once. */
  onFurtherSignal(handler: () => void): Disposable;
  /** haft's own version. */
  readonly version: string;
  /** The host whose daemon is asked; undefined for this machine's. `cwd` is then a directory there. */
  readonly remote?: RemoteHost | undefined;
}

/** Another machine's daemon, for the commands that are clients of one. */
export interface RemoteHost {
  readonly name: string;
  /** @param client how the client calls itself */
  connect(client: string): Promise<DaemonClient>;
}

/** What the project, haft's store and catalogue, the daemon and its protocol have by name. */
export type CompletionSource =
  | "tools"
  | "catalogue"
  | "installed"
  | "apps"
  | "tasks"
  | "task-ids"
  | "methods"
  | "events";

/** Where the completions of a word come from: a fixed list, a source, or the names of files. */
export type Completes = readonly string[] | CompletionSource | "files";

/** One option of a command, as its help and the completions show it. */
export interface Flag {
  /** Without the dashes: `jobs`. */
  readonly name: string;
  readonly short?: string;
  /** The placeholder of a flag that takes a value (`N`, `NAME`); absent for a switch. */
  readonly value?: string;
  readonly completes?: Completes;
  readonly description: string;
  /** Still understood, but not shown in help and completions. */
  readonly hidden?: boolean;
}

/** What the command line said: flags that are known and positional arguments. */
export interface ParsedArgs {
  /** A switch is `true`; a flag with a value has its text. */
  readonly flags: ReadonlyMap<string, string | true>;
  readonly positional: readonly string[];
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/** One command, or one verb of a group. `parse` throws UsageError; `run` does the work. */
export interface Command<Options> {
  /** Argument forms after the command's name, one a line: `TOOL@VERSION…`. */
  readonly usage: readonly string[];
  readonly flags: readonly Flag[];
  /** Lines of `$ haft …` that show typical use. */
  readonly examples?: readonly string[];
  /** What the positional arguments may be. */
  readonly completes?: Completes;
  /** Root may run it in another user's home, because it leaves no files there. */
  readonly readOnly?: boolean;
  /** Arguments after the first positional one belong to the tool, not to haft (`exec`). */
  readonly stopEarly?: boolean;
  parse(args: ParsedArgs): Options;
  run(options: Options, context: Context): Promise<ExitCode>;
}

/** Commands under one name: `haft app start`, `haft app stop`. */
export interface CommandGroup {
  readonly commands: readonly CommandEntry[];
  readonly examples?: readonly string[];
}

/** A command or group as a table knows it: enough for an overview, and the way to the rest. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Left out of help and completions. */
  readonly hidden?: boolean;
  /** Imports the module. Commands differ in their options; only a command itself looks at its own. */
  load(): Promise<Command<unknown> | CommandGroup>;
}
