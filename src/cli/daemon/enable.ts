import { existsSync } from "node:fs";
import { ExitCode } from "../../base/exit_code.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { runtime } from "../../runtime/mod.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { noFurther } from "../flag_values.ts";
import { serviceFor } from "./service.ts";

export interface DaemonEnableOptions {
  /** Print instead of write. */
  print: boolean;
}

export const command: Command<DaemonEnableOptions> = {
  usage: [""],
  flags: [{ name: "print", description: "Print the service's file and write nothing" }],
  parse,
  async run({ print }, context) {
    const service = serviceFor(context, runtime.selfCommand());
    if (print) {
      await context.stdout.data(service.text);
      return ExitCode.ok;
    }
    const known = existsSync(service.path);
    writeAtomic(service.path, service.text);
    await context.stderr.write(
      `${
        known ? "Replaced" : "Wrote"
      } ${service.path}\n  Run "${service.next}" to start it now, and at each login\n`,
    );
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): DaemonEnableOptions {
  noFurther([...args.positional, ...args.rest]);
  return { print: args.flags.has("print") };
}
