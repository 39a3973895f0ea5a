import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runtime } from "../../runtime/mod.ts";
import { planShims, shimsIn } from "../../tools/shims/write_shims.ts";
import type { Context } from "../command.ts";
import { shortPath } from "../short_path.ts";
import { type Finding, note, ok } from "./finding.ts";

/** The shims' directory: whether it fits the store, and whether PATH leads to it first. */
export function examineShims(context: Context): Finding[] {
  return [upToDate(context), ...onPath(context)];
}

function upToDate(context: Context): Finding {
  const { written, removed, foreign, names } = planShims({ ...context, haft: runtime.selfCommand() });
  const [other] = foreign;
  if (other !== undefined) {
    const path = shortPath(join(context.paths.shims, other), context.home);
    return note("shims", `"${path}" is not haft's, and stands where a shim would`, "Move it elsewhere");
  }
  const stale = written.length + removed.length;
  if (stale > 0) return note("shims", `${stale} are missing or outdated`, 'Run "haft shims"');
  return ok("shims", `${names.length} in ${shortPath(context.paths.shims, context.home)}`);
}

function onPath({ env, paths }: Context): Finding[] {
  const directories = (env["PATH"] ?? "").split(delimiter);
  const place = directories.indexOf(paths.shims);
  if (place < 0) {
    return [
      note("PATH", "the shims are not on it: tools run by haft exec only", 'See "haft activate --help"'),
    ];
  }
  const hidden = hiddenShims(paths.shims, directories.slice(0, place));
  if (hidden.length === 0) return [ok("PATH", "the shims are on it")];
  return [
    note(
      "PATH",
      `directories before the shims have ${hidden.join(", ")}, too`,
      "Put the shims' directory first",
    ),
  ];
}

/** Names of shims that an earlier directory of PATH has, too. */
function hiddenShims(shims: string, earlier: readonly string[]): string[] {
  return shimsIn(shims).filter((name) =>
    earlier.some((directory) => directory !== "" && existsSync(join(directory, name)))
  );
}
