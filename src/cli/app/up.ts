import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import { rootOf, type Selection } from "./actions.ts";
import { LogPrinter } from "./log_printer.ts";
import { follow, lineOf } from "./logs.ts";
import type { AppCommandOptions } from "./options.ts";

/** Starts a project's apps in the order of their dependencies and follows them in front; Ctrl-C stops them all. */
export async function up(
  daemon: DaemonClient,
  { options, selection }: { options: AppCommandOptions; selection: Selection },
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const root = rootOf(context);
  const target = { root, names: selection.names };
  const printer = new LogPrinter(stdout, options);
  const style = createStyle(stderr.color);
  if (!options.detach) {
    daemon.onEvent((message) => {
      const line = lineOf(message, { selection: target, grep: options.grep });
      if (line !== undefined) return void printer.print(line);
      const { event, data } = message;
      if (event !== "app.status_change" || options.json) return;
      const { app, state, reason, root: of } = data;
      if (of === root) {
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
        "This project has no apps that start by themselves\n  Declare them under [apps] in haft.toml\n",
      );
      return ExitCode.ok;
    }
    if (options.detach && options.json) {
      await stdout.write(`${JSON.stringify({ outcomes, apps }, null, 2)}\n`);
    } else if (options.detach) {
      await stdout.write(apps.map(({ name, state }) => `${name}: ${state}\n`).join(""));
    }
    if (options.detach) return failed.length === 0 ? ExitCode.ok : ExitCode.failed;
    const code = await follow(daemon, { begin: () => {} }, context);
    if (code !== ExitCode.interrupted) return code;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await stderr.write("Stopping\n");
  // Ctrl-C has ended this command's own requests; this one is for after it.
  await daemon.request("app.down", target);
  return ExitCode.interrupted;
}
