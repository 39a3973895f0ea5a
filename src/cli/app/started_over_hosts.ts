/**
 * The apps over hosts that were started from here, until they are stopped: one whose table was taken out of
 * haft.toml, or cannot be read, still runs on other machines. Kept as a file, so that looking needs no fleet.
 */
import { join } from "node:path";
import * as v from "valibot";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { readOrSetAside } from "../../base/set_aside.ts";
import { writeAtomic } from "../../base/write_atomic.ts";
import { processLock } from "../../runtime/process_lock.ts";
import type { Context } from "../command.ts";
import { projectPlace } from "../project_place.ts";

const StartedApp = v.object({
  /** The project's directory here. */
  project: v.string(),
  name: v.string(),
  /** Where the hosts have the project. */
  root: v.string(),
  /** Which hosts, as a person writes them. */
  hosts: v.string(),
});
export type StartedApp = v.InferOutput<typeof StartedApp>;

const StartedApps = v.object({ version: v.literal(1), apps: v.array(StartedApp) });

/** Those of one project here, or of every one. */
export function startedOverHosts(
  { everyProject = false }: { everyProject?: boolean },
  context: Pick<Context, "cwd" | "env" | "home" | "paths" | "platform" | "remote">,
): StartedApp[] {
  if (context.remote !== undefined) return [];
  const apps = read(context);
  if (everyProject || apps.length === 0) return apps;
  const { root } = projectPlace(context);
  return apps.filter(({ project }) => project === root);
}

/** Keeps that it was started, before it is. */
export async function keepStarted(app: StartedApp, context: Context): Promise<void> {
  await edit(context, (apps) => [...apps.filter((one) => !isSame(one, app)), app]);
}

/** It is stopped. */
export async function forgetStarted(
  app: Pick<StartedApp, "project" | "name" | "root">,
  context: Context,
): Promise<void> {
  if (!read(context).some((one) => isSame(one, app))) return;
  await edit(context, (apps) => apps.filter((one) => !isSame(one, app)));
}

async function edit(
  context: Pick<Context, "paths" | "signal">,
  change: (apps: StartedApp[]) => StartedApp[],
): Promise<void> {
  const { paths: { state }, signal } = context;
  makePrivateDirectory(state);
  using _lock = await processLock(join(state, "fleet-started.lock"), { signal });
  const text = JSON.stringify({ version: 1, apps: change(read(context)) });
  writeAtomic(pathOf(context), text, { mode: 0o600 });
}

function read(context: Pick<Context, "paths">): StartedApp[] {
  return readOrSetAside(pathOf(context), (text) => v.parse(StartedApps, JSON.parse(text)))?.apps ?? [];
}

function pathOf({ paths: { state } }: Pick<Context, "paths">): string {
  return join(state, "fleet-started.json");
}

type Key = Pick<StartedApp, "project" | "name" | "root">;

function isSame(a: Key, b: Key): boolean {
  return a.project === b.project && a.name === b.name && a.root === b.root;
}
