/** The fleet's nats-server as a process that the daemon looks after, like any app. */
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import { connectFleet, type FleetConnection } from "../../fleet/connect.ts";
import { writeMembers } from "../../fleet/members.ts";
import type { ServerFiles, ServerRecord } from "../../fleet/server/server_files.ts";
import { callerEnvironment } from "../../base/caller_environment.ts";
import { openProject } from "../../tools/project/project.ts";
import type { Context } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";

const APP = "fleet-server";
/** The version that haft is tested with. */
const SERVER_TOOL = { name: "go:github.com/nats-io/nats-server/v2", version: "2.15.3" };
const ANSWERS_MS = 15_000;
const LOOK_MS = 100;

/** Installs the server from its sources, as any Go program is installed. @returns the executable */
export async function installServer(files: ServerFiles, context: Context): Promise<string> {
  const { installInProject } = await import("../../sync/project_sync.ts");
  const { syncAudience } = await import("../sync_observer.ts");
  const { printWarning } = await import("../print_warning.ts");
  const audience = syncAudience(context, { json: false, quiet: false });
  const { ok, installed } = await installInProject(
    openProject(files.directory, context),
    { targets: [SERVER_TOOL], extra: {}, force: false, offline: false, where: "here" },
    {
      user: context,
      signal: context.signal,
      emit: (event) => audience.event(event),
      onWarning: printWarning(context),
    },
  );
  await audience.close();
  const [server] = installed;
  if (!ok || server === undefined) {
    throw new HaftError("nats-server was not installed", {
      next: 'Correct what is said above, or name one that you have: "haft fleet up --server PATH"',
    });
  }
  return join(server.path, "bin", process.platform === "win32" ? "nats-server.exe" : "nats-server");
}

/** Starts it, or tells the running one of its new configuration. */
export async function startServer(
  daemon: DaemonClient,
  { files, executable }: { files: ServerFiles; executable: string },
  context: Context,
): Promise<void> {
  const config = { command: [executable, "-c", files.config], restart: "always" };
  const { outcomes } = await daemon.request("app.start", {
    root: files.directory,
    names: [APP],
    config,
    env: callerEnvironment(context.env),
  });
  const error = outcomes.find((outcome) => outcome.error !== null)?.error;
  if (error !== undefined && error !== null) {
    throw new HaftError(`The fleet's server did not start: ${error}`);
  }
}

/** The running server reads its configuration again; connections whose key is gone are cut. */
export async function reloadServer(daemon: DaemonClient, files: ServerFiles): Promise<void> {
  const { apps } = await daemon.request("app.status", { root: files.directory, names: [] });
  const pid = apps.find(({ name }) => name === APP)?.instances[0]?.pid;
  if (pid === null || pid === undefined) {
    throw new HaftError("The fleet's server does not run", {
      next: 'Run "haft fleet up" to start it; what was changed counts then',
    });
  }
  if (process.platform === "win32") {
    await daemon.request("app.restart", { root: files.directory, names: [APP] });
  } else process.kill(pid, "SIGHUP");
}

/** Gives the running server its hosts, and the list of them that members check by. */
export async function applyMembers(
  { files, record, socket }: { files: ServerFiles; record: ServerRecord; socket: string | undefined },
  context: Context,
): Promise<void> {
  await withDaemon({ socket, client: "haft fleet" }, context, (daemon) => reloadServer(daemon, files));
  await asAdmin(
    { files, record },
    context,
    ({ nats }) => writeMembers(nats, record.fleet, { members: record.members }),
  );
}

/**
 * Does something with the key that may do everything, once the server answers. A server that has just been
 * told of its configuration may cut the connection when it reads it: then all of it is done again.
 *
 * @param use may run several times
 * @throws {HaftError} when the server does not answer
 */
export async function asAdmin(
  { files, record }: { files: ServerFiles; record: ServerRecord },
  { signal }: Pick<Context, "signal">,
  use: (admin: FleetConnection) => Promise<void>,
): Promise<void> {
  const deadline = performance.now() + ANSWERS_MS;
  const isOver = () => performance.now() >= deadline || signal.aborted;
  for (;;) {
    const admin = await connectAdmin({ files, record }).catch((cause: unknown) => {
      if (!isOver()) return undefined;
      throw new HaftError("The fleet's server does not answer", {
        next: `Read "haft app logs --every-project"; it listens at ${record.listen}`,
        exitCode: ExitCode.transport,
        cause,
      });
    });
    if (admin === undefined) {
      await delay(LOOK_MS);
      continue;
    }
    await using connection = admin;
    try {
      return await use(connection);
    } catch (error) {
      if (!connection.nats.isClosed() || isOver()) throw error;
    }
  }
}

function connectAdmin(
  { files, record }: { files: ServerFiles; record: ServerRecord },
): Promise<FleetConnection> {
  return connectFleet({
    name: record.fleet,
    servers: [ownAddress(record)],
    host: "admin",
    creds: "",
    ca: files.authority,
  }, { name: "haft fleet up", stay: false, credentials: { key: files.admin(), creds: undefined } });
}

/** Where this machine itself reaches it. */
export function ownAddress({ listen, addresses }: ServerRecord): string {
  const { host, port } = splitListen(listen);
  const any = host === "0.0.0.0" || host === "[::]";
  return `tls://${any ? addresses[0] : host}:${port}`;
}

/** Where others reach it. */
export function serverAddresses({ listen, addresses }: ServerRecord): string[] {
  const { port } = splitListen(listen);
  return addresses.map((address) => `tls://${address.includes(":") ? `[${address}]` : address}:${port}`);
}

export function splitListen(listen: string): { host: string; port: string } {
  const at = listen.lastIndexOf(":");
  return { host: listen.slice(0, at), port: listen.slice(at + 1) };
}
