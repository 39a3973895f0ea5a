/**
 * What a sender may ask of this host: the one place where it is decided. Nothing is allowed that the host's
 * user has not granted to the sender's key; a method that is not in the table cannot be granted.
 */
import { realpathSync } from "node:fs";
import { isAbsolute, join, normalize, sep } from "node:path";
import type { Message } from "../protocol/envelope.ts";
import type { MethodName } from "../protocol/methods/mod.ts";
import { RequestError } from "../protocol/wire_error.ts";
import type { FleetGrant } from "../tools/manifest/fleet_settings.ts";

type Access =
  /** Part of the conversation itself; every sender with a grant has it. */
  | "session"
  /** About one project, which `cwd` or `root` names. */
  | "project"
  /** About tasks, by their ids. */
  | "tasks"
  /** Events of the projects that are granted. */
  | "events"
  /** About the whole host: needs the grant of every project. */
  | "host"
  /** Runs what the sender names: needs the grant of commands, too. */
  | "code"
  /** The user's alone: trust, the daemon's life, the fleet. */
  | "never";

const ACCESS: Readonly<Record<MethodName, Access>> = {
  "hello": "session",
  "cancel": "session",
  "events.unsubscribe": "session",
  "daemon.ping": "session",
  "daemon.describe": "session",
  "events.subscribe": "events",
  "events.publish": "host",
  "client.list": "host",
  "client.send": "host",
  "daemon.status": "host",
  "daemon.metrics": "host",
  "daemon.shutdown": "never",
  "log.tail": "host",
  "runtime.resolve": "project",
  "runtime.environment": "project",
  "runtime.versions": "project",
  "runtime.list": "project",
  "tool.install": "code",
  "tool.uninstall": "host",
  "tool.sync": "project",
  "backend.start": "project",
  "backend.stop": "project",
  "backend.list": "project",
  "backend.call": "project",
  "app.start": "project",
  "app.stop": "project",
  "app.restart": "project",
  "app.reload": "project",
  "app.scale": "project",
  "app.delete": "project",
  "app.status": "project",
  "app.list": "project",
  "app.logs": "project",
  "app.up": "project",
  "app.down": "project",
  "app.save": "host",
  "app.restore": "host",
  "task.start": "project",
  "task.cancel": "tasks",
  "task.close": "tasks",
  "task.resume": "tasks",
  "task.send": "tasks",
  "task.list": "project",
  "task.status": "tasks",
  "task.wait": "tasks",
  "task.logs": "tasks",
  "task.outputs": "tasks",
  "task.finals": "host",
  "task.ack": "host",
  "project.check": "never",
  "project.tasks": "host",
  "project.trust": "project",
  "project.grant": "never",
  "fleet.status": "host",
  "fleet.reload": "never",
};

/** Parameters by which a sender could run what the project does not declare, wherever they stand. */
const CODE_PARAMETERS = ["config", "command", "args", "env", "caller", "search_path"];

export interface AccessFacts {
  /** How the host calls itself, for messages. */
  host: string;
  /** Of this host's user. */
  home: string;
  /** The project's directory that a directory belongs to. @throws when its manifest is wrong */
  projectRoot(directory: string): string;
  /** The apps of a project that run here because the fleet has placed them. */
  copiesOf(directory: string): Promise<string[]>;
  /** The project's directory of each task; undefined where there is no such task. */
  taskRoot(id: string): Promise<string | undefined>;
}

/** @throws {RequestError} when the request is not granted; it says what is missing */
export async function authorize(
  { method = "", data = {} }: Pick<Message, "method" | "data">,
  grant: FleetGrant,
  facts: AccessFacts,
): Promise<void> {
  const access = Object.hasOwn(ACCESS, method) ? ACCESS[method as MethodName] : "never";
  if (access === "session") return;
  if (access === "never") throw refused(`"${method}" cannot be called over a fleet`);
  if (!grant.methods.some((glob) => matches(glob, method))) {
    throw refused(`Host "${facts.host}" does not let this key call "${method}"`, `methods = ["${method}"]`);
  }
  const params: Record<string, unknown> = typeof data === "object" && data !== null ? { ...data } : {};
  // Where an app of the fleet runs is decided by leases, never by a request.
  if (params["placed"] === true) throw refused('"placed" cannot be sent over a fleet');
  const code = access === "code" ? method : CODE_PARAMETERS.find((name) => params[name] !== undefined);
  if (code !== undefined && !grant.commands) {
    throw refused(`Host "${facts.host}" does not let this key send "${code}"`, "commands = true");
  }
  if (grant.projects.includes("*") || access === "events") return;
  const roots = access === "tasks" ? await taskRoots(params, facts) : projectRoots(params, grant, facts);
  if (access !== "host" && roots.length > 0 && roots.every((root) => isGranted(root, grant))) return;
  const [root] = roots;
  const isWhole = access === "host" || root === undefined;
  throw refused(
    `Host "${facts.host}" does not let this key call "${method}" for ${
      access === "host" ? "the whole host" : "this project"
    }`,
    // A task that is not there is in no project, and no project is the whole disk.
    isWhole ? 'projects = ["*"]' : root === sep ? undefined : `projects = [${JSON.stringify(root)}]`,
  );
}

/** A host stops what a person means: its own apps, but no copy that the fleet would start again at once. */
const STOPS = new Set(["app.stop", "app.delete"]);

/** @throws {RequestError} for the end of a copy that the fleet runs here; its operator alone can end it */
export async function requireNoCopy(
  { method = "", data = {} }: Pick<Message, "method" | "data">,
  { host, copiesOf }: Pick<AccessFacts, "host" | "copiesOf">,
): Promise<void> {
  if (!STOPS.has(method) || typeof data !== "object" || data === null) return;
  const { cwd, root = cwd, names }: { cwd?: unknown; root?: unknown; names?: unknown } = data;
  if (typeof root !== "string" || !Array.isArray(names) || names.length === 0) return;
  const copy = (await copiesOf(root)).find((name) =>
    names.some((one) => one === name || String(one).startsWith(`${name}:`))
  );
  if (copy === undefined) return;
  throw new RequestError(
    "failed",
    `App "${copy}" on "${host}" is a copy of the fleet's, and would start again`,
    {
      data: {
        reason: "not_allowed",
        next: `Where it was started from, "haft app stop ${copy}" stops all copies`,
      },
    },
  );
}

/** What a request says of a place below `~/`, as the place is called on this host. */
export function atHome<Data>(data: Data, home: string): Data {
  if (typeof data !== "object" || data === null) return data;
  const places = Object.entries(data).flatMap(([name, value]) =>
    (name === "cwd" || name === "root") && typeof value === "string" && value.startsWith("~/")
      ? [[name, join(home, value.slice(2))]]
      : []
  );
  return places.length === 0 ? data : { ...data, ...Object.fromEntries(places) };
}

/** Whether a project is among those that are granted. Links are followed: a name is no place. */
export function isGranted(root: string, { projects }: FleetGrant): boolean {
  return isIn(root, projects);
}

/** Whether a directory is one of these or below one. `"*"` is every directory. */
export function isIn(root: string, projects: readonly string[]): boolean {
  const place = real(root);
  return projects.some((project) => {
    if (project === "*") return true;
    const granted = real(project);
    return place === granted || place.startsWith(granted.endsWith(sep) ? granted : granted + sep);
  });
}

/** The methods that a grant of this name or glob covers. */
export function grantable(glob: string): string[] {
  return Object.entries(ACCESS).filter(([method, access]) => access !== "never" && matches(glob, method))
    .map(([method]) => method);
}

/** `app.*` has every method of apps, `*` every one that can be granted. */
function matches(glob: string, method: string): boolean {
  return glob === "*" || glob === method || (glob.endsWith(".*") && method.startsWith(glob.slice(0, -1)));
}

/** The directories that are named, and the projects that those of them are in which are granted. */
function projectRoots(
  { cwd, root }: Record<string, unknown>,
  grant: FleetGrant,
  { projectRoot }: AccessFacts,
): string[] {
  return [cwd, root].filter((path) => path !== undefined).flatMap((path) => {
    if (typeof path !== "string" || !isAbsolute(path)) {
      throw refused("A project is named by an absolute path");
    }
    // The files of another project are not even read.
    return isGranted(path, grant) ? [path, projectRoot(path)] : [path];
  });
}

async function taskRoots({ id, ids }: Record<string, unknown>, { taskRoot }: AccessFacts): Promise<string[]> {
  const all = (Array.isArray(ids) ? ids : [id]).map(String);
  const roots = await Promise.all(all.map(taskRoot));
  // One that is not there is refused as one of another project is: senders learn nothing of either.
  return roots.map((root) => root ?? sep);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return normalize(path);
  }
}

function refused(message: string, needed?: string): RequestError {
  return new RequestError("failed", message, {
    data: {
      reason: "not_allowed",
      ...(needed === undefined
        ? {}
        : { next: `The host's user can grant it: ${needed} under [fleet.allow.KEY]` }),
    },
  });
}
