import { createServer, type Server } from "node:http";
import { sha512 } from "./artifact_server.ts";
import { packageTarball } from "./tar_builder.ts";

/** A package's own package.json fields, and its files. */
export interface ServedPackage {
  version: string;
  manifest?: Record<string, unknown>;
  files?: Record<string, string>;
}

/** The little of the npm registry's protocol that an installer needs, on 127.0.0.1. */
export class PackageServer implements AsyncDisposable {
  /** Paths, with the Authorization header where there was one. */
  readonly requests: { path: string; authorization: string | undefined }[] = [];
  readonly integrity: Record<string, string> = {};
  /** Serves these bytes in place of a package's tarball. */
  readonly swapped = new Map<string, Uint8Array>();
  /** When set, requests without this Authorization get 401. */
  authorization: string | undefined;
  readonly #tarballs = new Map<string, Uint8Array>();
  readonly #packages: Record<string, ServedPackage>;
  readonly #server: Server;

  private constructor(packages: Record<string, ServedPackage>) {
    this.#packages = packages;
    for (const [name, { version, manifest, files }] of Object.entries(packages)) {
      const tarball = packageTarball({
        "package.json": JSON.stringify({ name, version, ...manifest }),
        ...files,
      });
      this.#tarballs.set(name, tarball);
      this.integrity[name] = sha512(tarball);
    }
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? "/");
      const { authorization } = request.headers;
      this.requests.push({ path, authorization });
      if (this.authorization !== undefined && authorization !== this.authorization) {
        response.writeHead(401).end("{}");
        return;
      }
      const [, name = "", tarball] = /^\/((?:@[^/]+\/)?[^/]+)(\/-\/.*)?$/.exec(path) ?? [];
      const bytes = this.swapped.get(name) ?? this.#tarballs.get(name);
      if (bytes === undefined) response.writeHead(404).end("{}");
      else if (tarball !== undefined) response.writeHead(200).end(bytes);
      else response.writeHead(200, { "content-type": "application/json" }).end(this.#packument(name));
    });
  }

  static async start(packages: Record<string, ServedPackage>): Promise<PackageServer> {
    const server = new PackageServer(packages);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  /** The registry's address, with a slash at its end. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `http://127.0.0.1:${address.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #packument(name: string): string {
    const { version = "", manifest = {} } = this.#packages[name] ?? {};
    const tarball = `${this.url}${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
    return JSON.stringify({
      name,
      "dist-tags": { latest: version },
      versions: {
        [version]: { name, version, ...manifest, dist: { tarball, integrity: this.integrity[name] } },
      },
    });
  }
}
