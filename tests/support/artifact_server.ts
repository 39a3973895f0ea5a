import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createHash } from "node:crypto";
import type { InstallDeps } from "../../src/tools/install/install_deps.ts";
import type { InstallConfig } from "../../src/protocol/install.ts";
import type { ArtifactRegistry } from "../../src/tools/sources/source.ts";
import type { Documents } from "../../src/tools/registry/metadata_client.ts";
import type { RegistryUser } from "../../src/tools/registry/registry_types.ts";

/** What the server does wrong with the next requests. */
export interface Faults {
  /** Breaks the connection after so many bytes of the file, for each entry one request. */
  truncateAt: number[];
  /** Ignores Range. */
  noRanges: boolean;
  /** Sends other bytes, for so many requests. */
  wrongBytes: number;
  /** Sends without a Content-Length, and never stops. */
  endless: boolean;
  /** Sends so many bytes of the file, then nothing, and keeps the connection open. */
  stallAt: number | undefined;
  /** Answers so. */
  status: number | undefined;
  /** The entity tag; undefined: none. */
  etag: string | undefined;
  /** Claims more than there is. */
  claimExtra: number;
}

/** Serves files on 127.0.0.1, with faults, and remembers what was asked. */
export class ArtifactServer implements AsyncDisposable {
  readonly faults: Faults = {
    truncateAt: [],
    noRanges: false,
    wrongBytes: 0,
    endless: false,
    stallAt: undefined,
    status: undefined,
    etag: '"v1"',
    claimExtra: 0,
  };
  readonly requests: { path: string; range: string | undefined; ifRange: string | undefined }[] = [];
  readonly #files: Record<string, Uint8Array>;
  readonly #server: Server;

  private constructor(files: Record<string, Uint8Array>) {
    this.#files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(files: Record<string, Uint8Array>): Promise<ArtifactServer> {
    const server = new ArtifactServer(files);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  url(path: string): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `http://127.0.0.1:${address.port}/${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { faults } = this;
    const path = (request.url ?? "/").slice(1);
    const { range } = request.headers;
    const ifRange = request.headers["if-range"];
    this.requests.push({ path, range, ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange });
    const file = this.#files[path];
    if (faults.status !== undefined || file === undefined) {
      response.writeHead(faults.status ?? 404).end("no");
      return;
    }
    if (faults.endless) {
      sendEndlessly(response);
      return;
    }
    const data = faults.wrongBytes-- > 0 ? file.map((byte) => byte ^ 1) : file;
    const start = faults.noRanges || (ifRange !== undefined && ifRange !== faults.etag)
      ? 0
      : Number(/^bytes=([0-9]+)-$/.exec(range ?? "")?.[1] ?? 0);
    if (start > 0 && start >= data.length) {
      response.writeHead(416).end();
      return;
    }
    const headers: Record<string, string> = {
      "content-length": String(data.length - start + faults.claimExtra),
    };
    if (faults.etag !== undefined) headers["etag"] = faults.etag;
    if (start > 0) headers["content-range"] = `bytes ${start}-${data.length - 1}/${data.length}`;
    response.writeHead(start > 0 ? 206 : 200, headers);
    if (faults.stallAt !== undefined) {
      response.write(data.subarray(start, faults.stallAt));
      return;
    }
    const stop = faults.truncateAt.shift();
    if (stop === undefined) {
      response.end(data.subarray(start));
      return;
    }
    response.write(
      data.subarray(start, Math.max(start, stop)),
      () => setTimeout(() => response.destroy(), 5),
    );
    if (stop <= start) response.flushHeaders();
  }
}

function sendEndlessly(response: ServerResponse): void {
  response.writeHead(200);
  const chunk = new Uint8Array(64 * 1024).fill(0x1f);
  const send = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", send);
  send();
}

/** What http and npm artifacts do without. */
export const noServices: { documents: Documents; user: RegistryUser; toolchain: InstallDeps["toolchain"] } = {
  toolchain: () => Promise.reject(new Error("a toolchain was asked for")),
  documents: {
    get: () => Promise.reject(new Error("a document was asked for")),
    hashes: () => Promise.reject(new Error("a file was asked for")),
  },
  user: { env: {}, home: "/nowhere", platform: "linux" },
};

/** A registry that nothing may ask: http artifacts come without one. */
export const noRegistry: ArtifactRegistry = {
  likelyTarball: () => Promise.resolve(undefined),
  tarball: () => Promise.reject(new Error("the registry was asked for a tarball")),
  manifest: () => Promise.reject(new Error("the registry was asked for a manifest")),
  npmrc: () => Promise.resolve(""),
  verifySignature: () => Promise.reject(new Error("the registry was asked for a signature")),
};

export function sha512(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** A job to install one archive from the address. */
export function httpConfig(
  { url, tarball, ...more }: { url: string; tarball: Uint8Array } & Partial<InstallConfig>,
): InstallConfig {
  const integrity = sha512(tarball);
  return {
    tool_name: "demo",
    version: "1.2.3",
    store_id: "demo",
    platform: "linux-x64-glibc",
    kind: "native",
    artifacts: [{ artifact: { kind: "http", url, integrity }, format: "tar.gz", strip: 1, into: "" }],
    bin: { demo: "bin/demo" },
    options: {},
    install_env: {},
    download_url: url,
    integrity,
    dependencies_lock: null,
    project_dir: "/",
    force: false,
    offline: false,
    ...more,
  };
}
