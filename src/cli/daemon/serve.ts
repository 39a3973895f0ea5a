import { closeSync, existsSync, writeSync } from "node:fs";
import process from "node:process";
import { buildId } from "../../base/build_id.ts";
import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { onDamage } from "../../base/set_aside.ts";
import { forPeople } from "../../base/system_error.ts";
import { Daemon } from "../../daemon/daemon.ts";
import { handOver, takeOver } from "../../daemon/legacy.ts";
import { AlreadyRunning } from "../../daemon/state_lock.ts";
import { RotatingLog } from "../../daemon/rotating_log.ts";
import type { Readiness } from "../../daemon/start_daemon.ts";
import type { DaemonSettings } from "../../tools/manifest/manifest_schema.ts";
import { userConfigPath } from "../../tools/project/user_config_path.ts";
import { runtime } from "../../runtime/mod.ts";
import { inheritedListeners } from "../../socket/inherited_descriptors.ts";
import type { Context } from "../command.ts";
import { daemonLog, usualSocket } from "./endpoint.ts";
import type { Listen } from "./listen.ts";

/** The daemon itself, in front, until it is stopped. */
export async function runDaemon(
  { socket, readyFd, takeOver: left, listen }: {
    socket: string;
    readyFd: number | undefined;
    takeOver: number | undefined;
    listen: Listen;
  },
  context: Context,
): Promise<ExitCode> {
  const legacy = left === undefined ? undefined : takeOver(left);
  const say = (readiness: Readiness) => {
    if (readyFd === undefined) return;
    writeSync(readyFd, `${JSON.stringify(readiness)}\n`);
    closeSync(readyFd);
  };
  const log = new RotatingLog(daemonLog(context));
  onDamage((line) => log.write(line));
  const settings = await userSettings(context);
  const inherited = legacy?.listeners ?? inheritedListeners(context.env, process.pid);
  // Only this process may use them; its children get neither the descriptors nor their variables.
  runtime.keepInherited();
  for (const name of ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]) delete process.env[name];
  // One command's HAFT_TRUST=1 is not for all that the daemon is asked for later (the command records its
  // trust), nor are the version files that its MISE_ENV chooses.
  const { HAFT_TRUST: _trust, MISE_ENV: _chosen, ...env } = context.env;
  let daemon: Daemon;
  try {
    daemon = await Daemon.start({
      socket,
      fallbackSocket: usualSocket({ env: { ...context.env, XDG_RUNTIME_DIR: undefined } }),
      log,
      user: { ...context, env },
      version: context.version,
      build: buildId(),
      inherited,
      legacy,
      listen,
      settings: settings.read,
      fleet: settings.fleet,
    });
  } catch (error) {
    if (readyFd === undefined) throw error;
    say(failure(error, socket));
    return error instanceof HaftError ? error.exitCode : ExitCode.failed;
  }
  const onFault = (where: string) => (error: unknown) => daemon.reportInternalError(where, error);
  process.on("unhandledRejection", onFault("a promise without a handler"));
  process.on("uncaughtException", onFault("an event"));
  context.signal.addEventListener("abort", () => void daemon.stop("a signal"), { once: true });
  if (process.platform !== "win32") {
    process.on("SIGHUP", () => void settings.prepare().then(() => daemon.reload(), onFault("SIGHUP")));
  }
  say({ state: "ready" });
  if (readyFd === undefined) {
    await context.stderr.write(`haft daemon answers at ${socket}, pid ${process.pid}\n`);
  }
  await daemon.stopped;
  if (daemon.left !== undefined) handOver(daemon.left.successor, daemon.left.legacy, daemon.left.socket);
  return ExitCode.ok;
}

/**
 * Loads the reader of settings, which the daemon would hold for life, only where there is a file of settings.
 */
async function userSettings({ paths: { config } }: Context) {
  let module: typeof import("../../tools/project/user_config.ts") | undefined;
  const prepare = async () => {
    if (existsSync(userConfigPath(config))) module = await import("../../tools/project/user_config.ts");
  };
  await prepare();
  return {
    prepare,
    read: (): DaemonSettings => module?.readUserConfig(config).daemon ?? {},
    async fleet() {
      await prepare();
      return module?.readUserConfig(config).fleet;
    },
  };
}

function failure(error: unknown, socket: string): Readiness {
  // One that has not said yet where it listens has just been started, most likely for the same socket.
  const isSame = error instanceof AlreadyRunning && (error.socket ?? socket) === socket;
  if (isSame) return { state: "already_running" };
  const { message, next = null } = forPeople(error);
  return { state: "failed", error: message, next };
}
