/** What the verbs of `haft fleet` share: reading and writing `[fleet]`, and waiting for the daemon. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { writeSecret } from "../../fleet/credentials.ts";
import type { FleetStatus } from "../../protocol/methods/fleet_methods.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";
import { readUserConfig } from "../../tools/project/user_config.ts";
import type { Context, Flag, ParsedArgs } from "../command.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { editUserConfig } from "../edit_user_config.ts";
import { textFlag } from "../flag_values.ts";

/** The daemon tries for so long before a command says that it is not connected. */
const CONNECTED_MS = 15_000;
const LOOK_MS = 100;

export const LABEL_FLAG: Flag = {
  name: "label",
  value: "KEY=VALUE,…",
  description: "Labels by which commands choose hosts",
};

export function labelFlag(args: ParsedArgs): Record<string, string> {
  const texts = textFlag(args, "label")?.split(",") ?? [];
  return Object.fromEntries(texts.map((text) => {
    const [key = "", value, ...more] = text.split("=");
    if (key === "" || value === undefined || value === "" || more.length > 0) {
      throw new UsageError(`--label takes KEY=VALUE, not "${text}"`, {
        next: "Write --label role=web,zone=a",
      });
    }
    return [key, value];
  }));
}

/** @throws {HaftError} when this machine is in no fleet */
export function fleetSettings({ paths: { config } }: Pick<Context, "paths">): FleetSettings {
  const { fleet } = readUserConfig(config);
  if (fleet !== undefined) return fleet;
  throw new HaftError("This machine is in no fleet", {
    next:
      'Run "haft fleet join FILE" with the file of "haft fleet add-host", or "haft fleet up" to begin one',
  });
}

/** What a host brings to join. */
export interface Joining {
  fleet: string;
  host: string;
  servers: string[];
  /** The text of its key's file. */
  key: string;
  /** PEM. */
  ca: string | undefined;
  labels: Record<string, string>;
}

/**
 * Keeps the key for its user alone, and writes `[fleet]`. Who is allowed here and what is published stay as
 * they were.
 */
export async function writeMembership(joining: Joining, context: Context): Promise<void> {
  const { fleet: name, host, servers, key, ca, labels } = joining;
  const directory = join(context.paths.config, "fleet");
  const creds = join(directory, `${name}.creds`);
  const caPath = join(directory, `${name}.ca.pem`);
  writeSecret(creds, key);
  if (ca !== undefined) writeSecret(caPath, ca);
  await editUserConfig(context, (document) => {
    const before = typeof document["fleet"] === "object" ? { ...document["fleet"] } : readKept(context);
    const kept = Object.entries(before).filter(([key]) => KEPT.has(key));
    document["fleet"] = {
      name,
      servers,
      host,
      creds,
      ...(ca === undefined ? {} : { ca: caPath }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...Object.fromEntries(kept),
    };
  });
  rmSync(keptPath(context), { force: true });
}

/** What of `[fleet]` is its user's own word, and outlasts a membership. */
const KEPT = new Set(["allow", "events"]);

function keptPath({ paths: { config } }: Pick<Context, "paths">): string {
  return join(config, "fleet", "kept.json");
}

/** What an earlier membership had of it. */
function readKept(context: Context): Record<string, unknown> {
  const path = keptPath(context);
  if (!existsSync(path)) return {};
  const kept: unknown = JSON.parse(readTextFile(path));
  return typeof kept === "object" && kept !== null ? { ...kept } : {};
}

/** Takes `[fleet]` and the key away. Who is allowed here is kept for when this machine joins again. */
export async function removeMembership({ creds, ca }: FleetSettings, context: Context): Promise<void> {
  await editUserConfig(context, (document) => {
    const before = typeof document["fleet"] === "object" ? { ...document["fleet"] } : {};
    const kept = Object.entries(before).filter(([key]) => KEPT.has(key));
    writeSecret(keptPath(context), `${JSON.stringify(Object.fromEntries(kept))}\n`);
    delete document["fleet"];
  });
  const own = join(context.paths.config, "fleet");
  for (const path of [creds, ca]) {
    // A key that the user keeps elsewhere is the user's.
    if (path?.startsWith(own) === true) rmSync(path, { force: true });
  }
}

/**
 * Tells the daemon of the new settings, and waits until it is connected or has said why not.
 *
 * @param patient whether one failure is not the last word: the server has only just been started
 */
export async function applyMembership(
  socket: string | undefined,
  context: Context,
  { patient = false }: { patient?: boolean } = {},
): Promise<FleetStatus> {
  return await withDaemon({ socket, client: "haft fleet" }, context, async (daemon) => {
    let status = await daemon.request("fleet.reload", {});
    const deadline = performance.now() + CONNECTED_MS;
    const waits = ({ state }: FleetStatus) => state === "connecting" || (patient && state === "failed");
    while (waits(status) && performance.now() < deadline) {
      await delay(LOOK_MS, undefined, { signal: context.signal });
      status = await daemon.request("fleet.status", {});
    }
    return status;
  });
}

/** @throws {HaftError} when the host is not connected; the settings stay, and the daemon goes on trying */
export async function reportMembership(status: FleetStatus, { stdout }: Context): Promise<void> {
  const { fleet, host, state, error, key } = status;
  if (state !== "connected") {
    throw new HaftError(`Host "${host}" is not connected to fleet "${fleet}": ${error ?? state}`, {
      next: state === "refused"
        ? 'Stop the other one, or join under another name: "haft fleet add-host" makes its key'
        : 'The daemon goes on trying; "haft fleet status" says how it goes, "haft fleet leave" gives up',
      exitCode: state === "refused" ? ExitCode.remote : ExitCode.transport,
    });
  }
  await stdout.write(`Host "${host}" is connected to fleet "${fleet}"\nIts key is ${key}\n`);
}
