import { spawnSync } from "node:child_process";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { handDaemonOver } from "./hand_daemon_over.ts";
import { ownExecutable, requireOwn } from "./own_executable.ts";

export const command: Command<null> = {
  usage: [""],
  flags: [],
  parse(args: ParsedArgs) {
    noFurther([...args.positional, ...args.rest]);
    return null;
  },
  async run(_options, context) {
    const executable = ownExecutable();
    requireOwn(executable);
    const { previousExecutable, rollBack } = await import("../../self/replace.ts");
    rollBack(executable, previousExecutable(context.paths.state));
    const { stdout } = spawnSync(executable, ["--version"], { encoding: "utf8", timeout: 20_000 });
    await context.stdout.write(`${executable} is ${stdout.trim()} again, it was ${context.version}\n`);
    await handDaemonOver(executable, context);
    return ExitCode.ok;
  },
};
