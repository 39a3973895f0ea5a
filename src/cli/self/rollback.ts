import { spawnSync } from "node:child_process";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { handDaemonOver } from "./hand_daemon_over.ts";
import { ownExecutable, requireOwn } from "./own_executable.ts";

export const command: Command<{ json: boolean }> = {
  usage: [""],
  flags: [{ name: "json", description: "Print JSON: {executable, version, was}" }],
  parse(args: ParsedArgs) {
    noFurther([...args.positional, ...args.rest]);
    return { json: args.flags.has("json") };
  },
  async run({ json }, context) {
    const executable = ownExecutable();
    requireOwn(executable);
    const { previousExecutable, rollBack } = await import("../../self/replace.ts");
    rollBack(executable, previousExecutable(context.paths.state));
    const { stdout } = spawnSync(executable, ["--version"], { encoding: "utf8", timeout: 20_000 });
    const was = context.version;
    await context.stdout.write(
      json
        ? `${JSON.stringify({ executable, version: stdout.trim().replace(/^haft /, ""), was })}\n`
        : `${executable} is ${stdout.trim()} again, it was ${was}\n`,
    );
    await handDaemonOver(executable, context);
    return ExitCode.ok;
  },
};
