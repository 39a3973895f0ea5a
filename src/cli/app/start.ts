import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { openProject } from "../../tools/project/project.ts";
import { UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { sentEnvironment } from "../caller_env.ts";
import { offerTrust } from "../ask_trust.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { reportOutcomes } from "./report.ts";
import { noteAppsOverHosts, splitNames, withAppsOverHosts } from "./over_hosts.ts";
import { type AppOptions, noneStartsText, PROJECT_APP_FLAGS } from "./app_options.ts";
import { withWaitsTold } from "./told_waits.ts";
import { checkApps, projectOf } from "./selection.ts";

export interface AppStartOptions extends AppOptions {
  /** Of an app that haft.toml does not declare. */
  command: readonly string[];
}

export const command: Command<AppStartOptions> = {
  usage: ["[NAME…]", "NAME -- COMMAND…"],
  flags: PROJECT_APP_FLAGS,
  examples: ["haft app start web worker", "haft app start tunnel -- ssh -N build-host"],
  completes: "apps",
  parse,
  async run(options, context) {
    const { names, command, json } = options;
    if (names.length === 0 && context.remote === undefined) {
      openProject(context.cwd, context).requireManifest();
    }
    const declared = checkApps(context);
    if (command.length === 0) { for (const name of names) refuseFile(name, { declared }, context); }
    if (names.length === 0 && !json) await noteAppsOverHosts("start", declared, context);
    const split = splitNames(command.length > 0 ? [] : names, declared);
    if (command.length > 0) split.local.push(...names);
    return await withAppsOverHosts(
      "start",
      split,
      { json, context },
      () => startHere({ ...options, names: split.local }, context),
    );
  },
};

async function startHere(
  { names, command, json, socket }: AppStartOptions,
  context: Context,
): Promise<ExitCode> {
  const selection = { ...projectOf(context), names: [...names] };
  await offerTrust(context, { declared: command.length === 0 });
  const config = command.length === 0 ? {} : { config: { command: [...command], cwd: context.cwd } };
  const result = await withDaemon(
    { socket, client: "haft app" },
    context,
    (daemon) => {
      const request = { ...selection, ...config, ...sentEnvironment(context) };
      const answer = daemon.request("app.start", request, { signal: context.signal });
      return withWaitsTold(answer, { daemon, selection, quiet: json }, context);
    },
  );
  if (names.length === 0 && result.outcomes.length === 0 && !json) {
    await context.stderr.write(noneStartsText(checkApps(context)));
    return ExitCode.ok;
  }
  return await reportOutcomes(result, { json }, context);
}

function parse(args: ParsedArgs): AppStartOptions {
  const { positional: names, rest: command, flags } = args;
  if (names.includes("all")) {
    throw new UsageError('"all" cannot be started', {
      next: "Name the apps, or write no name for all of this project's",
    });
  }
  if (command.length > 0 && names.length !== 1) {
    throw new UsageError("A command needs one name for its app", {
      next: 'Write "haft app start NAME -- COMMAND…"',
    });
  }
  return { names, everyProject: false, command, json: flags.has("json"), socket: socketFlag(args) };
}

const PROGRAMS: readonly [extension: RegExp, program: string][] = [
  [/\.[cm]?js$/, "node"],
  [/\.py$/, "python"],
  [/\.rb$/, "ruby"],
  [/\.sh$/, "sh"],
];

/** @throws {UsageError} for a file, which other process managers start */
function refuseFile(
  name: string,
  { declared }: { declared: ReadonlyMap<string, unknown> },
  { cwd, remote }: Context,
): void {
  if (declared.has(name) || remote !== undefined || !/\.\w+$|^Procfile/.test(name)) return;
  if (statSync(resolve(cwd, name), { throwIfNoEntry: false })?.isFile() !== true) return;
  const isConfig = /^Procfile|\.(ya?ml|conf|ini|json)$|\.config\.[cm]?js$/.test(basename(name));
  const program = PROGRAMS.find(([extension]) => extension.test(name))?.[1];
  throw new UsageError(`"${name}" is a file, and no app of this project`, {
    next: isConfig
      ? `Take its apps over with "haft app import ${name}"`
      : `Start it as an app: haft app start NAME -- ${program ?? ""}${
        program === undefined ? "./" : " "
      }${name}`,
  });
}
