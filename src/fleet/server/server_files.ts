/**
 * The server that `haft fleet up` looks after: its keys, its certificate, the hosts that it knows, and the
 * configuration made from them. All of it lies in one directory that is its user's alone.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { makePrivateDirectory } from "../../base/private_directory.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { FleetName, USER_KEY } from "../../tools/manifest/fleet_settings.ts";
import { writeSecret } from "../credentials.ts";
import { createUserKey, type UserKey, userKey } from "../nkey.ts";
import { type Certificate, createAuthority, issueServer } from "./certificate.ts";
import type { Member } from "../members.ts";
import { permissionsOf } from "./permissions.ts";

const ServerRecord = v.strictObject({
  fleet: FleetName,
  /** Where it listens: `127.0.0.1:4222`. */
  listen: v.string(),
  /** Names and addresses that hosts reach it by. */
  addresses: v.pipe(v.array(v.string()), v.minLength(1)),
  /** How much of the hosts' events it keeps; absent in files of an earlier haft. */
  events: v.optional(v.strictObject({ maxAgeMs: v.number(), maxBytes: v.number() })),
  tasks: v.optional(v.strictObject({ ackWaitMs: v.number() })),
  objects: v.optional(v.strictObject({ mirrorBytes: v.number(), outputBytes: v.number() })),
  apps: v.optional(v.strictObject({ lostMs: v.number() })),
  members: v.array(v.strictObject({
    host: FleetName,
    publicKey: v.pipe(v.string(), v.regex(USER_KEY)),
  })),
});
export type ServerRecord = v.InferOutput<typeof ServerRecord>;

/** Bytes of the longest message, and of the files of streams. */
const MAX_PAYLOAD = 1024 * 1024;
const MAX_FILES = 40 * 1024 * 1024 * 1024;

export class ServerFiles {
  readonly directory: string;

  /** @param config the user's configuration directory */
  constructor(config: string) {
    this.directory = join(config, "fleet-server");
  }

  get exists(): boolean {
    return existsSync(this.#path("server.json"));
  }

  get config(): string {
    return this.#path("nats-server.json");
  }

  get authority(): string {
    return this.#path("ca.pem");
  }

  /** @throws {HaftError} when there is none here, or its file is damaged */
  read(): ServerRecord {
    if (!this.exists) {
      throw new HaftError("This machine runs no fleet's server", {
        next: 'Run "haft fleet up" to start one',
      });
    }
    const parsed = v.safeParse(ServerRecord, JSON.parse(readTextFile(this.#path("server.json"))));
    if (parsed.success) return parsed.output;
    throw new HaftError(`"${this.#path("server.json")}" is damaged: ${parsed.issues[0].message}`);
  }

  /** Writes what is missing, and the configuration anew. Keys that exist stay. */
  write(record: ServerRecord): void {
    makePrivateDirectory(this.directory);
    makePrivateDirectory(this.#path("jetstream"));
    const authority = this.#certificate("ca", () => createAuthority());
    const names = JSON.stringify(record.addresses);
    // Another address needs another certificate, by the authority that the hosts know already.
    const known = existsSync(this.#path("names.json")) ? readTextFile(this.#path("names.json")) : undefined;
    if (known !== names) rmSync(this.#path("server.pem"), { force: true });
    // Deno asks for "localhost" where a server is reached by an address.
    this.#certificate("server", () => issueServer(authority, [...record.addresses, "localhost"]));
    writeSecret(this.#path("names.json"), names);
    writeSecret(this.#path("server.json"), `${JSON.stringify(record, null, 2)}\n`);
    writeSecret(this.config, `${JSON.stringify(this.#configOf(record), null, 2)}\n`);
  }

  /** The key that may do everything: it makes the fleet's buckets. It never leaves this directory. */
  admin(): UserKey {
    const path = this.#path("admin.seed");
    if (!existsSync(path)) writeSecret(path, `${createUserKey().seed}\n`);
    return userKey(readTextFile(path).trim());
  }

  #configOf({ fleet, listen, members }: ServerRecord): Record<string, unknown> {
    const users = members.map((member: Member) => ({
      nkey: member.publicKey,
      permissions: permissionsOf(member, fleet),
    }));
    return {
      server_name: `haft-${fleet}`,
      listen,
      max_payload: MAX_PAYLOAD,
      jetstream: {
        store_dir: this.#path("jetstream"),
        max_file_store: MAX_FILES,
        // What was acknowledged has to outlast a power cut.
        sync_interval: "always",
      },
      tls: {
        cert_file: this.#path("server.pem"),
        key_file: this.#path("server.key"),
        min_version: "1.3",
      },
      authorization: { users: [{ nkey: this.admin().publicKey }, ...users] },
    };
  }

  #certificate(name: string, make: () => Certificate): Certificate {
    const [certificate, privateKey] = [this.#path(`${name}.pem`), this.#path(`${name}.key`)];
    if (!existsSync(certificate) || !existsSync(privateKey)) {
      const made = make();
      writeSecret(privateKey, made.privateKey);
      writeSecret(certificate, made.certificate);
    }
    return { certificate: readTextFile(certificate), privateKey: readTextFile(privateKey) };
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}
