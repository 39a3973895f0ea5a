import { HaftError, UsageError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { installationsOf, removeTools } from "../sync/remove_tool.ts";
import { updateShims } from "../sync/update_shims.ts";
import { Store } from "../tools/store/store.ts";
import type { Command, Context, ParsedArgs } from "./command.ts";
import { projectOrOwn } from "./project_place.ts";
import { printWarning } from "./print_warning.ts";
import { parseToolTarget, type ToolTarget } from "./tool_target.ts";

export interface UninstallOptions {
  target: ToolTarget;
  /** Every version, when the target names none. */
  all: boolean;
  /** Even while something runs from there. */
  force: boolean;
  json: boolean;
}

export const command: Command<UninstallOptions> = {
  usage: ["TOOL[@VERSION]   # without a version: the only one installed", "TOOL --all"],
  flags: [
    { name: "all", short: "a", description: "Remove every version" },
    { name: "force", short: "f", description: "Remove it even while processes run from it" },
    { name: "json", description: "Print JSON: [{tool, version, path}] of what was removed" },
  ],
  examples: ["haft uninstall esbuild@0.25.0"],
  completes: "installed",
  parse,
  run,
};

function parse({ flags, positional, rest }: ParsedArgs): UninstallOptions {
  const [name, extra] = [...positional, ...rest];
  if (name === undefined) {
    throw new UsageError("Which tool? None was named", {
      next: 'Run "haft ls --installed" for a list of installed tools',
    });
  }
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, { next: "Name one tool at a time" });
  }
  return {
    target: parseToolTarget(name),
    all: flags.has("all"),
    force: flags.has("force"),
    json: flags.has("json"),
  };
}

async function run({ target, all, force, json }: UninstallOptions, context: Context): Promise<ExitCode> {
  const store = new Store(context.paths);
  const chosen = chooseVersions(target, { store, all });
  // What is installed is looked up when it is asked for: afterwards it would be gone.
  const asked = new Map(
    projectOrOwn(context).tools.map(({ installed, request }) => [installed?.directory, request]),
  );
  const removed = await removeTools(chosen, { store, force, signal: context.signal });
  for (const { tool, version, path } of removed) {
    const same = removed.filter((one) => one.tool === tool && one.version === version);
    if (!json && same[0]?.path === path) {
      const count = same.length === 1 ? "" : ` (${same.length} installations)`;
      await context.stdout.write(`Removed ${tool} ${version}${count}\n`);
    }
    const asking = asked.get(path);
    if (asking !== undefined) {
      await context.stderr.write(
        `Note: ${asking.decidedBy.file} asks for it; "haft sync" will install it again\n`,
      );
    }
  }
  await updateShims(context, { changed: removed.length > 0, onWarning: printWarning(context) });
  if (json) await context.stdout.write(`${JSON.stringify(removed, null, 2)}\n`);
  return ExitCode.ok;
}

function chooseVersions({ name, version }: ToolTarget, { store, all }: { store: Store; all: boolean }) {
  const known = installationsOf(name, store);
  if (known.length === 0) {
    throw new HaftError(`"${name}" is not installed`, {
      next: 'Run "haft ls --installed" for a list of installed tools',
    });
  }
  const distinct = [...new Set(known.map(({ receipt }) => receipt.version))];
  const versions = distinct.join(", ");
  if (version !== undefined) {
    const chosen = known.filter(({ receipt }) => receipt.version === version);
    if (chosen.length > 0) return chosen;
    throw new HaftError(`${name} ${version} is not installed`, { next: `Installed: ${versions}` });
  }
  if (all || distinct.length === 1) return known;
  throw new UsageError(`Which version of "${name}"?`, {
    next: `Installed: ${versions}; "--all" removes them all`,
  });
}
