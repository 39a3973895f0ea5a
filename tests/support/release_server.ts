import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { type PackageFile, tarOf } from "../../scripts/release/package_files.ts";
import { signatureOf, type SigningKey } from "../../scripts/release/sign.ts";

/**
 * A key whose secret everybody knows: 32 bytes of one value. It signs releases of tests, always the same way.
 */
export function testSigningKey(byte = 7): SigningKey {
  const seed = Buffer.alloc(32, byte);
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  const raw = key.export({ format: "der", type: "spki" }).subarray(-32);
  const id = Buffer.alloc(8, byte);
  return { id, seed, publicKey: Buffer.concat([Buffer.from("Ed"), id, raw]).toString("base64") };
}

/** A server of releases on loopback. Its files can be changed, to make faults. */
export class ReleaseServer implements AsyncDisposable {
  readonly files = new Map<string, Uint8Array | string>();
  /** The connection breaks in the middle of the next answer with this file. */
  breaksOnce: string | undefined;
  /** Every path that was asked for. */
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    this.asked.push(path);
    const file = this.files.get(path);
    if (file !== undefined && path === this.breaksOnce) {
      this.breaksOnce = undefined;
      const bytes = Buffer.from(file);
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
      return;
    }
    response.writeHead(file === undefined ? 404 : 200, {
      ...file === undefined ? {} : { "content-length": Buffer.byteLength(file) },
    }).end(file);
  });
  #url = "";

  static async start(): Promise<ReleaseServer> {
    const server = new ReleaseServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    const address = server.#server.address();
    if (address === null || typeof address === "string") throw new Error("No port");
    server.#url = `http://127.0.0.1:${address.port}`;
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** Publishes a version, also as the latest, whose archive for `target` has these files. */
  async publish(
    version: string,
    { target, files, key = testSigningKey() }: { target: string; files: PackageFile[]; key?: SigningKey },
  ): Promise<string> {
    const stem = `haft-${version}-${target}`;
    const tar = await tarOf(files.map((file) => ({ ...file, path: `${stem}/${file.path}` })));
    const archive = gzipSync(tar, { level: 1 });
    const sums = `${createHash("sha256").update(archive).digest("hex")}  ${stem}.tar.gz\n`;
    const signature = signatureOf(Buffer.from(sums), `haft ${version} SHA256SUMS`, key);
    for (const directory of [`/v${version}`, "/latest"]) {
      this.files.set(`${directory}/SHA256SUMS`, sums);
      this.files.set(`${directory}/SHA256SUMS.minisig`, signature);
    }
    const path = `/v${version}/${stem}.tar.gz`;
    this.files.set(path, archive);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
