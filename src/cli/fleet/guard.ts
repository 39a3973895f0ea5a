import process from "node:process";
import { ExitCode } from "../../base/exit_code.ts";
import { UsageError } from "../../base/errors.ts";
import { guardCopies } from "../../daemon/guard_copies.ts";
import type { Command } from "../command.ts";

/** Started by the daemon of a host that has copies of apps; its standard input ends with that daemon. */
export const command: Command<string> = {
  usage: ["DIR"],
  flags: [],
  parse({ positional: [directory, ...further], rest }) {
    if (directory === undefined || further.length + rest.length > 0) {
      throw new UsageError("Name the directory of haft's state");
    }
    return directory;
  },
  async run(stateDirectory) {
    const ended = new AbortController();
    for (const event of ["end", "close", "error"]) process.stdin.once(event, () => ended.abort());
    process.stdin.resume();
    await guardCopies({ stateDirectory, daemon: ended.signal });
    return ExitCode.ok;
  },
};
