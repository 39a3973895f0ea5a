/** Which of the apps that a command names hosts of the fleet run. NATS is loaded for these alone. */
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Context } from "../command.ts";
import { checkApps } from "./selection.ts";
import type { FleetVerb } from "./fleet_apps.ts";
import type { StartedApp } from "./started_over_hosts.ts";

export interface SplitNames {
  /** For this machine's daemon. */
  local: string[];
  /** Undefined for one that was started from here, and that the manifest does not have any more. */
  overHosts: Map<string, AppConfig | undefined>;
}

/** Apps with hosts count when they are named: what runs on other machines is not meant by "all". */
export function splitNames(
  names: readonly string[],
  declared: ReadonlyMap<string, AppConfig>,
  started: readonly StartedApp[] = [],
): SplitNames {
  const overHosts = new Map<string, AppConfig | undefined>();
  for (const name of names) {
    const config = declared.get(name);
    if (config?.hosts !== undefined) overHosts.set(name, config);
    else if (started.some((one) => one.name === name)) overHosts.set(name, undefined);
  }
  return { local: names.filter((name) => !overHosts.has(name)), overHosts };
}

/** The apps of the manifest; none where it is wrong, which must not keep anything from being stopped. */
export function appsAsFarAsKnown(
  context: Context,
): { apps: ReadonlyMap<string, AppConfig>; mistake?: unknown } {
  try {
    return { apps: checkApps(context) };
  } catch (mistake) {
    return { apps: new Map(), mistake };
  }
}

/**
 * Does it with the apps over hosts, then with those of this machine.
 *
 * @param local what the command does with its other names; left out when there are none
 */
export async function withAppsOverHosts(
  verb: FleetVerb,
  { overHosts, local }: SplitNames,
  { json, context }: { json: boolean; context: Context },
  runLocal: () => Promise<ExitCode>,
): Promise<ExitCode> {
  if (overHosts.size === 0) return await runLocal();
  const { changeFleetApps } = await import("./fleet_apps.ts");
  const code = await changeFleetApps(verb, overHosts, { json }, context);
  const own = local.length === 0 ? ExitCode.ok : await runLocal();
  return own === ExitCode.ok ? code : own;
}

/** Names the apps that a command without names leaves to the fleet. */
export async function noteAppsOverHosts(
  verb: "start" | "up",
  declared: ReadonlyMap<string, AppConfig>,
  { stderr, remote }: Context,
): Promise<void> {
  if (remote !== undefined) return;
  const names = [...declared].filter(([, { hosts }]) => hosts !== undefined).map(([name]) => name);
  if (names.length === 0) return;
  await stderr.write(
    `Note: hosts of the fleet run ${names.join(", ")}, which "haft app ${verb}" leaves alone; ` +
      `"haft app start ${names.join(" ")}" starts ${names.length === 1 ? "it" : "them"}\n`,
  );
}
