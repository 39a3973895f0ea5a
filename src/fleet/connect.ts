import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import {
  AuthorizationError,
  connect as natsConnect,
  ConnectionError,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";
import { errorMessage, HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { readTextFile } from "../base/read_text_file.ts";
import type { FleetSettings } from "../tools/manifest/fleet_settings.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import { inboxPrefix } from "./subjects.ts";

export type { NatsConnection } from "@nats-io/transport-node";

export interface FleetConnection extends AsyncDisposable {
  readonly nats: NatsConnection;
  readonly credentials: Credentials;
}

export interface ConnectFleetOptions {
  /** How the server's own list of connections calls this one. */
  name: string;
  /** Come back after a break, for as long as it takes. */
  stay: boolean;
  /** Instead of the key of the settings. */
  credentials?: Credentials;
}

const CONNECT_MS = 5_000;
const REFUSED_MS = 500;
/** Between attempts to come back, with as much again by chance: a whole fleet must not come at once. */
const RECONNECT_MS = 1_000;
const LOOPBACK = /^(nats|tls):\/\/(localhost|127(\.\d+){3}|\[::1\])(:|$)/;

/** What of `[fleet]` a connection needs. */
export type ServerSettings = Pick<FleetSettings, "name" | "servers" | "host" | "creds" | "ca">;

/** @throws {HaftError} with what to do, when the server is not there or does not know the key */
export async function connectFleet(
  settings: ServerSettings,
  { name, stay, credentials = readCredentials(settings.creds) }: ConnectFleetOptions,
): Promise<FleetConnection> {
  const { key, creds } = credentials;
  const tls = tlsOptions(settings);
  const options: NodeConnectionOptions = {
    servers: settings.servers.map((server) => server.replace(/^(nats|tls):\/\//, "")),
    name,
    inboxPrefix: inboxPrefix(key.publicKey),
    timeout: CONNECT_MS,
    reconnect: stay,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    reconnectJitterTLS: RECONNECT_MS,
    pingInterval: 10_000,
    maxPingOut: 2,
    ignoreClusterUpdates: true,
    authenticator: creds === undefined
      ? (nonce) => ({ nkey: key.publicKey, sig: base64(key.sign(new TextEncoder().encode(nonce))) })
      : credsAuthenticator(new TextEncoder().encode(creds)),
    ...(tls === undefined ? {} : { tls }),
  };
  try {
    const nats = await natsConnect(options).catch(async (error) => {
      // A server that reads its list of keys anew refuses those that come in that moment.
      if (!isRefusal(error)) throw error;
      await delay(REFUSED_MS);
      return await natsConnect(options);
    });
    return { nats, credentials, [Symbol.asyncDispose]: () => nats.close() };
  } catch (error) {
    throw explain(error, settings);
  }
}

/** Everything that leaves the machine is encrypted; on loopback only where a certificate is given. */
function tlsOptions({ servers, ca }: ServerSettings): { ca?: string } | undefined {
  if (ca !== undefined) return { ca: readTextFile(ca) };
  return servers.every((server) => server.startsWith("nats://") && LOOPBACK.test(server)) ? undefined : {};
}

function explain(error: unknown, { servers, host, name }: ServerSettings): HaftError {
  const where = servers.join(", ");
  if (isRefusal(error)) {
    return new HaftError(`The server of fleet "${name}" (${where}) does not know this host's key`, {
      next: `Ask for a new file from "haft fleet add-host ${host}", and run "haft fleet join" with it`,
      exitCode: ExitCode.remote,
      cause: error,
    });
  }
  const why = error instanceof ConnectionError && error.cause !== undefined
    ? errorMessage(error.cause)
    : errorMessage(error);
  return new HaftError(`Cannot reach the server of fleet "${name}" at ${where}: ${why}`, {
    next: isUnknownCertificate(error)
      ? 'Bring the certificate that the server is known by, and run "haft fleet join" with --ca FILE'
      : "Look whether it runs, and whether its address and certificate are the right ones",
    exitCode: ExitCode.transport,
    cause: error,
  });
}

function isRefusal(error: unknown): boolean {
  return error instanceof AuthorizationError || /authorization/i.test(errorMessage(error));
}

function isUnknownCertificate(error: unknown): boolean {
  const text = error instanceof Error ? `${error.message} ${error.cause}` : String(error);
  return /certificate|UnknownIssuer|self.signed/i.test(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
