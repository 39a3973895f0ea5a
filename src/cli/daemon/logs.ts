import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { noFurther, numberFlag } from "../flag_values.ts";
import { daemonLog } from "./endpoint.ts";

export interface DaemonLogsOptions {
  lines: number;
  follow: boolean;
}

export const command: Command<DaemonLogsOptions> = {
  usage: [""],
  flags: [
    { name: "follow", short: "f", description: "Go on with what is added to the log" },
    { name: "lines", short: "n", value: "N", description: "How many lines (default: 50)" },
  ],
  readOnly: true,
  parse,
  run,
};

function parse(args: ParsedArgs): DaemonLogsOptions {
  noFurther([...args.positional, ...args.rest]);
  return {
    lines: numberFlag(args, "lines", { usual: 50, most: 999_999 }),
    follow: args.flags.has("follow"),
  };
}

/** Works without the user's settings: the log is where a wrong setting is explained. */
async function run({ lines, follow }: DaemonLogsOptions, context: Context): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const path = daemonLog(context);
  const { RotatingLog } = await import("../../daemon/rotating_log.ts");
  const tail = new RotatingLog(path).tail(lines);
  if (tail.length > 0) await stdout.write(`${tail.join("\n")}\n`);
  else await stderr.write("The daemon has no log yet\n");
  if (!follow) return ExitCode.ok;
  const { followFile } = await import("../../base/follow_file.ts");
  for await (const text of followFile(path, { signal })) {
    await stdout.write(text);
    if (stdout.closed) return ExitCode.ok;
  }
  return ExitCode.interrupted;
}
