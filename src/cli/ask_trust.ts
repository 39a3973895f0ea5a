import { openProject } from "../tools/project/project.ts";
import { UntrustedError } from "../tools/trust/untrusted_error.ts";
import { askYesNo, canAsk } from "./ask.ts";
import type { Context } from "./command.ts";

/** More lines than a screen has are left to `haft trust --show`. */
const MOST_LINES = 40;

/**
 * Before a daemon is asked to run something of the project: whoever can be asked is asked here, since the
 * daemon cannot. `HAFT_TRUST=1` trusts as the answer "yes" does.
 *
 * @throws {UntrustedError} when the answer is no
 */
export async function offerTrust(
  context: Context,
  { declared, runsHere = false }: {
    /** What haft.toml declares is run; else a command, in the project's environment. */
    declared: boolean;
    /** It runs without the daemon, too, which knows only the trust that is written down. */
    runsHere?: boolean;
  },
): Promise<void> {
  // Another host asks its own user.
  if (context.remote !== undefined) return;
  const { files, gated, trust, variablesNote } = openProject(context.cwd, context);
  if (!declared && Object.keys({ ...files.dotenv, ...files.env }).length === 0) {
    if (variablesNote !== undefined) {
      await context.stderr.write(`Note: ${variablesNote}\n`);
    }
    return;
  }
  if (trust.isRecorded(gated)) return;
  if (trust.isTrusted(gated)) return record({ gated, trust }, { runsHere });
  if (canAsk(context) && !await askTrust({ gated, trust }, context)) {
    throw new UntrustedError(gated, trust, { declined: true });
  }
}

/** For the daemon; where nothing can be written, `HAFT_TRUST=1` still counts for what runs here. */
function record(
  { gated, trust }: Pick<UntrustedError, "gated" | "trust">,
  { runsHere }: { runsHere: boolean },
): void {
  try {
    trust.trust(gated);
  } catch (error) {
    if (!runsHere) throw error;
  }
}

/** Asks when that is why a command failed. @returns whether the command can be tried again */
export async function askTrustAfter(error: unknown, context: Context): Promise<boolean> {
  return error instanceof UntrustedError && !error.declined && canAsk(context) &&
    await askTrust(error, context);
}

/** Shows what the project can run, or what has changed in that. @returns whether it is trusted now */
async function askTrust(
  { gated, trust }: Pick<UntrustedError, "gated" | "trust">,
  context: Context,
): Promise<boolean> {
  const { describeChange } = await import("../tools/trust/describe_parts.ts");
  const before = trust.lastTrusted(gated);
  const lines = describeChange(before, gated.parts);
  const what = before === undefined ? "This can run once you trust it" : "What it can run has changed";
  const more = lines.length > MOST_LINES
    ? [`… and ${lines.length - MOST_LINES} more lines: "haft trust --show" shows all`]
    : [];
  const shown = [...lines.slice(0, MOST_LINES), ...more].map((line) => `  ${line}\n`).join("");
  const question = `${JSON.stringify(gated.path)} is not trusted. ${what}:\n${shown}Trust it?`;
  if (!await askYesNo(question, context)) return false;
  trust.trust(gated);
  return true;
}
