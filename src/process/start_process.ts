import { closeSync } from "node:fs";
import { requireDescriptors } from "./descriptors.ts";
import { hostProcessTable } from "./host_process_table.ts";
import { MARKER_VARIABLE } from "./process_table.ts";
import { type DetachedProcess, openOutput, spawnDetached } from "./spawn_detached.ts";

export interface StartProcessOptions {
  /** Absolute path. */
  file: string;
  args: readonly string[];
  /** The last argument is already quoted for Windows' command processor. */
  verbatim?: boolean;
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** What the process prints is appended here. */
  log: string;
  /** Its stdin and stdout are ours to talk over. */
  pipes: boolean;
  /** Names the process among those that haft started. */
  marker: string;
}

/**
 * Starts a process in a new session, with its output in a file, or its stdin and stdout as pipes.
 *
 * @throws {HaftError} naming the path, when it cannot be started
 */
export async function startProcess(options: StartProcessOptions): Promise<DetachedProcess> {
  const { file, args, cwd, env, log, pipes, marker } = options;
  requireDescriptors(file);
  const output = openOutput(log);
  try {
    return await spawnDetached({
      file,
      args,
      verbatim: options.verbatim === true,
      cwd,
      env: { ...env, [MARKER_VARIABLE]: `${marker}/0/${crypto.randomUUID()}` },
      stdio: pipes ? ["pipe", "pipe", output] : ["ignore", output, output],
    }, hostProcessTable());
  } finally {
    closeSync(output);
  }
}
