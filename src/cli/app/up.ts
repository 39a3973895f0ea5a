import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { createStyle } from "../../ui/style.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { textFlag } from "../flag_values.ts";
import { lineOf, untilEnd } from "./log_lines.ts";
import { LogPrinter } from "./log_printer.ts";
import { APP_FLAGS, type AppOptions, parseAppOptions, projectSelection } from "./selection.ts";

export interface AppUpOptions extends AppOptions {
  /** Return when all are up, and leave them running. */
  detach: boolean;
  grep: string | undefined;
}

export const command: Command<AppUpOptions> = {
  usage: ["[NAME…]"],
  flags: [
    { name: "detach", short: "d", description: "Return when all are up, and leave them running" },
    { name: "grep", value: "RE", description: "Show only lines that match" },
    ...APP_FLAGS,
  ],
  examples: ["haft app up", "haft app up -d web"],
  completes: "apps",
  parse: (args) => ({
    ...parseAppOptions(args),
    detach: args.flags.has("detach"),
    grep: textFlag(args, "grep"),
  }),
  async run({ socket, ...options }, context) {
    await offerTrust(context, { declared: true });
    return await withDaemon(
      { socket, client: "haft app" },
      context,
      (daemon) => up(daemon, options, context),
    );
  },
};

/**
 * Starts a project's apps in the order of their dependencies, and follows them until Ctrl-C, which stops them
 * all.
 */
async function up(
  daemon: DaemonClient,
  { names, detach, grep, json }: Omit<AppUpOptions, "socket">,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const target = projectSelection(names, context);
  const printer = new LogPrinter(stdout, { json });
  const style = createStyle(stderr.color);
  if (!detach) {
    daemon.onEvent((message) => {
      const line = lineOf(message, { selection: target, grep });
      if (line !== undefined) return void printer.print(line);
      const { event, data } = message;
      if (event !== "app.status_change" || json) return;
      const { app, state, reason, root: of } = data;
      if (of === target.root) {
        void stderr.write(style.dim(`${app} is ${state}${reason === null ? "" : `: ${reason}`}\n`));
      }
    });
    await daemon.request("events.subscribe", { types: ["app.*"] }, { signal });
  }
  try {
    const { outcomes, apps } = await daemon.request("app.up", target, { signal });
    const failed = outcomes.filter(({ error }) => error !== null);
    for (const { name, error } of failed) await stderr.write(`${name}: ${error}\n`);
    if (outcomes.length === 0) {
      await stderr.write(
        "No app of this project has autostart\n  Name the apps to start, or declare some under [apps] in haft.toml\n",
      );
      return ExitCode.ok;
    }
    if (detach && json) {
      await stdout.write(`${JSON.stringify({ outcomes, apps }, null, 2)}\n`);
    } else if (detach) {
      await stdout.write(apps.map(({ name, state }) => `${name}: ${state}\n`).join(""));
    }
    if (detach) return failed.length === 0 ? ExitCode.ok : ExitCode.failed;
    const code = await untilEnd(daemon, context);
    if (code !== ExitCode.interrupted) return code;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await stderr.write("Stopping\n");
  // Without the signal, which Ctrl-C has aborted.
  await daemon.request("app.down", target);
  return ExitCode.interrupted;
}
