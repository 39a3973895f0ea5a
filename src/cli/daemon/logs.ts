import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { noFurther, numberFlag } from "../flag_values.ts";
import { daemonLog } from "./endpoint.ts";

export interface DaemonLogsOptions {
  lines: number;
  follow: boolean;
  json: boolean;
}

export const command: Command<DaemonLogsOptions> = {
  usage: [""],
  flags: [
    { name: "follow", short: "f", description: "Go on with what is added to the log" },
    { name: "lines", short: "n", value: "N", description: "How many lines (default: 50)" },
    { name: "json", description: "Print a line of JSON for each: {time, line}" },
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
    json: args.flags.has("json"),
  };
}

/** Works without the user's settings: the log is where a wrong setting is explained. */
async function run({ lines, follow, json }: DaemonLogsOptions, context: Context): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const path = daemonLog(context);
  const { RotatingLog } = await import("../../daemon/rotating_log.ts");
  const tail = new RotatingLog(path).tail(lines);
  if (tail.length > 0) await stdout.write(tail.map((line) => shown(line, json)).join(""));
  else await stderr.write("The daemon has no log yet\n");
  if (!follow) return ExitCode.ok;
  const { followFile } = await import("../../base/follow_file.ts");
  let rest = "";
  for await (const text of followFile(path, { signal })) {
    const whole = (rest + text).split("\n");
    rest = whole.pop() ?? "";
    await stdout.write(whole.map((line) => shown(line, json)).join(""));
    if (stdout.closed) return ExitCode.ok;
  }
  return ExitCode.interrupted;
}

/** As the log has it, or as JSON with `time` in milliseconds since 1970; null in a line that goes on. */
function shown(line: string, json: boolean): string {
  if (!json) return `${line}\n`;
  const [, time, text] = /^(\d{4}-\d\d-\d\dT\S+Z) (.*)$/s.exec(line) ?? [];
  const entry = time === undefined ? { time: null, line } : { time: Date.parse(time), line: text };
  return `${JSON.stringify(entry)}\n`;
}
