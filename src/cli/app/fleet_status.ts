import { errorMessage } from "../../base/errors.ts";
import { AppClient, type SeenCopy } from "../../fleet/apps/app_client.ts";
import { connectFleet } from "../../fleet/connect.ts";
import type { AppState, AppStatus } from "../../protocol/methods/app_methods.ts";
import { parseHostSelection } from "../../tools/manifest/host_selector.ts";
import type { Context } from "../command.ts";
import { fleetSettings } from "../fleet/membership.ts";
import type { StartedApp } from "./started_over_hosts.ts";

/** An app, and the copies of it that hosts run; undefined where that is not known. */
export interface ShownApp {
  app: AppStatus;
  copies: readonly SeenCopy[] | undefined;
}

/**
 * Apps with the copies that hosts of the fleet run; where the fleet does not answer, stderr says so.
 *
 * @param started what was started from here, with a row of its own where `apps` does not have it
 */
export async function withCopies(
  apps: readonly AppStatus[],
  started: readonly StartedApp[],
  context: Context,
): Promise<ShownApp[]> {
  const places = [
    ...apps.map((app) => ({ app, root: app.hosts === null ? undefined : rootThere(app.hosts, app) })),
    ...started.filter((one) => !apps.some((app) => isDeclaration(app, one)))
      .map((one) => ({ app: absent(one), root: one.root })),
  ];
  try {
    const settings = fleetSettings(context);
    await using connection = await connectFleet(settings, { name: "haft app status", stay: false });
    await using client = await AppClient.open(connection, settings.name);
    return places.map(({ app, root }) => {
      if (root === undefined) return { app, copies: undefined };
      const { own, others } = client.specs({ root, name: app.name });
      const signed = own?.spec.stopped === false ? own : others.find(({ spec }) => !spec.stopped);
      const copies = signed === undefined ? [] : client.copies(signed) ?? [];
      const desired = signed === undefined ? "stopped" : "running";
      return { app: { ...app, desired, state: stateOf(copies) }, copies };
    });
  } catch (error) {
    await context.stderr.write(`Note: where hosts run apps is not known: ${errorMessage(error)}\n`);
    return places.map(({ app }) => ({ app, copies: undefined }));
  }
}

/** Where the hosts have the project. */
function rootThere(hosts: string, { root }: Pick<AppStatus, "root">): string {
  return parseHostSelection(hosts)?.directory ?? root;
}

function isDeclaration(app: AppStatus, { project, name, root }: StartedApp): boolean {
  return app.name === name && app.root === project && app.hosts !== null &&
    rootThere(app.hosts, app) === root;
}

/** The worst of its copies' states, as `state` of an app is that of its instances. */
function stateOf(copies: readonly SeenCopy[]): AppState {
  const states = copies.map(({ state }): AppState =>
    state === "lost"
      ? "crashed"
      : state === null || state === "waiting" || state === "updating"
      ? "starting"
      : state
  );
  return WORST_FIRST.find((state) => states.includes(state)) ?? "stopped";
}

const WORST_FIRST: readonly AppState[] = [
  "exhausted",
  "crashed",
  "unhealthy",
  "backoff",
  "starting",
  "stopping",
  "stopped",
  "running",
  "healthy",
];

/** One that was started from here, and that haft.toml does not have any more. */
function absent({ project, name, hosts }: StartedApp): AppStatus {
  return {
    name,
    root: project,
    state: "stopped",
    desired: "running",
    command: [],
    cwd: null,
    autostart: false,
    restart_policy: "",
    max_attempts: null,
    limits: { memory: null, cpu_percent: null },
    depends_on: {},
    env_names: [],
    health_check: false,
    next_run: null,
    hosts,
    adhoc: false,
    changed: [],
    pending: [],
    instances: [],
  };
}
