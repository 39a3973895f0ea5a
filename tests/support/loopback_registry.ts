import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type Body, type Fault, serve } from "./loopback_faults.ts";
import { type Files, packTarball } from "./pack_tarball.ts";

export type { Fault } from "./loopback_faults.ts";
export type { Files } from "./pack_tarball.ts";

/** What the registry does, and what it leaves away. All can be changed at any time. */
export interface LoopbackSettings {
  /** Send ETags, and answer conditional requests. Default true. */
  etags: boolean;
  /** Send Last-Modified. Default false. */
  lastModified: boolean;
  /** Answer Range requests. Default true. */
  ranges: boolean;
  /** Know the abbreviated form of a package. Default true. */
  abbreviated: boolean;
  /** Know the address of a single version or tag. Default true. */
  versionEndpoint: boolean;
  /** Offer signatures. Default `none`. */
  signatures: "right" | "wrong" | "none";
  /** Tell the public keys at `/-/npm/v1/keys`. Default true. */
  keysEndpoint: boolean;
  /** The key's ISO date of expiry. Default null. */
  keyExpires: string | null;
  /** The bearer token to ask for everywhere. Default undefined: none. */
  token: string | undefined;
  /** The address by which clients reach it, when something stands in between. Default undefined: its own. */
  publicUrl: string | undefined;
}

export interface RecordedRequest {
  /** As it was sent: `/@scope%2fname`. Without the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** A version's package.json; `name` and `version` decide where it is published. */
export interface LoopbackManifest {
  name: string;
  version: string;
  [field: string]: unknown;
}

export interface Published {
  integrity: string;
  tarball: Uint8Array;
  /** The path of the tarball. */
  path: string;
}

interface PublishedVersion extends Published {
  manifest: LoopbackManifest;
  time: string;
}

interface Package {
  versions: Map<string, PublishedVersion>;
  tags: Record<string, string>;
}

/**
 * An npm registry, and a plain file server, on 127.0.0.1: real HTTP, with what real registries differ in as
 * settings, and with faults on demand. Dispose of it when the test is over.
 */
export class LoopbackRegistry implements AsyncDisposable {
  readonly settings: LoopbackSettings;
  readonly requests: RecordedRequest[] = [];
  readonly #server: Server;
  readonly #packages = new Map<string, Package>();
  readonly #files = new Map<string, Body>();
  readonly #faults: { pattern: string | RegExp; fault: Fault; left: number }[] = [];
  readonly #publicKey: Buffer;
  readonly #privateKey: KeyObject;
  #port = 0;

  static async start(settings: Partial<LoopbackSettings> = {}): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry(settings);
    await new Promise<void>((resolve, reject) => {
      registry.#server.once("error", reject);
      registry.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = registry.#server.address();
    if (typeof address === "object" && address !== null) registry.#port = address.port;
    return registry;
  }

  private constructor(settings: Partial<LoopbackSettings>) {
    this.settings = {
      etags: true,
      lastModified: false,
      ranges: true,
      abbreviated: true,
      versionEndpoint: true,
      signatures: "none",
      keysEndpoint: true,
      keyExpires: null,
      token: undefined,
      publicUrl: undefined,
      ...settings,
    };
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#publicKey = publicKey.export({ format: "der", type: "spki" });
    this.#privateKey = privateKey;
    this.#server = createServer((request, response) => {
      const path = (request.url ?? "/").replace(/\?.*$/, "");
      this.requests.push({ path, headers: request.headers });
      const fault = this.#takeFault(path);
      const body = this.#isAllowed(request.headers) ? this.#answer(path, request.headers) : UNAUTHORIZED;
      serve({ request, response, body, fault, settings: this.settings });
    });
  }

  /** `http://127.0.0.1:PORT/`, or what stands in front of it. */
  get url(): string {
    return this.settings.publicUrl ?? this.ownUrl;
  }

  /** Where it listens itself. */
  get ownUrl(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** The id of the key that signs. */
  get keyid(): string {
    return `SHA256:${createHash("sha256").update(this.#publicKey).digest("base64").replace(/=+$/, "")}`;
  }

  /**
   * Publishes a version; the tarball holds its package.json and the files, below `package/`. Moves `latest`
   * to it.
   */
  async addPackage(manifest: LoopbackManifest, files: Files = {}, { root = "package" } = {}) {
    const packageJson = { "package.json": JSON.stringify(manifest, null, 2) };
    return this.addTarball(manifest, await packTarball({ ...packageJson, ...files }, { root }));
  }

  /** Publishes a version with a tarball of the test's own making. Moves `latest` to it. */
  addTarball(manifest: LoopbackManifest, tarball: Uint8Array, { time = "2024-06-01T00:00:00.000Z" } = {}) {
    const { name, version } = manifest;
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const path = `/${name}/-/${name.replace(/^.*\//, "")}-${version}.tgz`;
    const known: Package = this.#packages.get(name) ?? { versions: new Map(), tags: {} };
    this.#packages.set(name, known);
    known.versions.set(version, { manifest, tarball, integrity, path, time });
    known.tags["latest"] = version;
    const published: Published = { integrity, tarball, path };
    return published;
  }

  setTag(name: string, tag: string, version: string): void {
    const known = this.#packages.get(name);
    if (known === undefined) throw new Error(`${name} was not published`);
    known.tags[tag] = version;
  }

  /** Serves a file at a path of its own, e.g. `/dist/index.json`. */
  addFile(path: string, content: string | Uint8Array, { type = "application/octet-stream" } = {}): void {
    this.#files.set(path, { status: 200, type, bytes: Buffer.from(content) });
  }

  /**
   * Makes requests for a path go wrong; the fault that was set last comes first.
   * @param pattern a path as it is sent, or a pattern for it
   * @param times so many requests, then as before; default: always
   */
  fault(pattern: string | RegExp, fault: Fault, { times = Infinity }: { times?: number } = {}): void {
    this.#faults.unshift({ pattern, fault, left: times });
  }

  clearFaults(): void {
    this.#faults.length = 0;
  }

  /** How many requests there were for a path. */
  count(pattern: string | RegExp): number {
    return this.requests.filter(({ path }) => matches(pattern, path)).length;
  }

  /** Lines for a .npmrc that make this the registry, with its token. */
  npmrc(): string {
    const { token } = this.settings;
    const credentials = token === undefined ? "" : `//127.0.0.1:${this.#port}/:_authToken=${token}\n`;
    return `registry=${this.url}\n${credentials}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #takeFault(path: string): Fault | undefined {
    const found = this.#faults.find(({ pattern, left }) => left > 0 && matches(pattern, path));
    if (found !== undefined) found.left--;
    return found?.fault;
  }

  #isAllowed({ authorization }: IncomingHttpHeaders): boolean {
    const { token } = this.settings;
    return token === undefined || authorization === `Bearer ${token}`;
  }

  #answer(path: string, headers: IncomingHttpHeaders): Body {
    const file = this.#files.get(path);
    if (file !== undefined) return file;
    const decoded = decodeURIComponent(path.slice(1));
    if (decoded === "-/npm/v1/keys") return this.#keys();
    const [, name = "", rest] = /^(@[^/]+\/[^/]+|[^/]+)(?:\/(.*))?$/.exec(decoded) ?? [];
    const known = this.#packages.get(name);
    if (known === undefined) return NOT_FOUND;
    if (rest === undefined) return this.#packument(name, known, headers);
    const tarball = [...known.versions.values()].find((version) => version.path === `/${decoded}`);
    if (tarball !== undefined) {
      return { status: 200, type: "application/octet-stream", bytes: tarball.tarball };
    }
    const version = this.settings.versionEndpoint
      ? known.versions.get(rest) ?? known.versions.get(known.tags[rest] ?? "")
      : undefined;
    return version === undefined ? NOT_FOUND : json(this.#manifest(version));
  }

  #packument(name: string, { versions, tags }: Package, headers: IncomingHttpHeaders): Body {
    const abbreviated = this.settings.abbreviated &&
      (headers.accept ?? "").includes("application/vnd.npm.install-v1+json");
    const document: Record<string, unknown> = {
      name,
      "dist-tags": tags,
      versions: Object.fromEntries(
        [...versions].map(([number, version]) => [number, this.#manifest(version)]),
      ),
    };
    if (!abbreviated) {
      document["time"] = Object.fromEntries([...versions].map(([number, { time }]) => [number, time]));
      document["readme"] = "Much text that nobody needs here.";
    }
    return json(document);
  }

  #manifest({ manifest, integrity, path }: PublishedVersion): Record<string, unknown> {
    const { signatures } = this.settings;
    const dist: Record<string, unknown> = { tarball: new URL(path, this.url).href, integrity };
    if (signatures !== "none") {
      const signed = signatures === "right" ? integrity : "sha512-of-something-else";
      const message = Buffer.from(`${manifest.name}@${manifest.version}:${signed}`);
      const sig = sign("sha256", message, { key: this.#privateKey, dsaEncoding: "der" }).toString("base64");
      dist["signatures"] = [{ keyid: this.keyid, sig }];
    }
    return { ...manifest, dist };
  }

  #keys(): Body {
    if (!this.settings.keysEndpoint) return NOT_FOUND;
    const key = {
      keyid: this.keyid,
      keytype: "ecdsa-sha2-nistp256",
      scheme: "ecdsa-sha2-nistp256",
      key: this.#publicKey.toString("base64"),
      expires: this.settings.keyExpires,
    };
    return json({ keys: [key] });
  }
}

const NOT_FOUND: Body = json({ error: "not_found" }, 404);
const UNAUTHORIZED: Body = json({ error: "unauthorized" }, 401);

function json(value: unknown, status = 200): Body {
  return { status, type: "application/json", bytes: Buffer.from(JSON.stringify(value)) };
}

function matches(pattern: string | RegExp, path: string): boolean {
  return typeof pattern === "string" ? pattern === path : pattern.test(path);
}
