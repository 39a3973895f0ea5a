/**
 * A server on loopback of releases as `deno task release` makes them; the "haft" inside is a shell script.
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { writeChecksums, writeInstallers } from "../../scripts/release/archives.ts";
import { writeCiTemplates } from "../../scripts/release/ci_templates.ts";
import { tarGzOf } from "../../scripts/release/package_files.ts";
import type { SigningKey } from "../../scripts/release/sign.ts";

const cpu = process.arch === "arm64" ? "arm64" : "x64";
/** This machine's platform, as archives are named for it. */
export const platform = process.platform === "darwin" ? `darwin-${cpu}` : `linux-${cpu}`;
export interface Release {
  url: string;
  /** Every path that was asked for. */
  asked: string[];
  installer: string;
  /** Files of the server by path: change them to make faults. */
  files: Map<string, Uint8Array | string>;
  close(): Promise<void>;
}

export function newKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const id = randomBytes(8);
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return {
    id,
    seed: privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32),
    publicKey: Buffer.concat([Buffer.from("Ed"), id, raw]).toString("base64"),
  };
}

/** Serves 1.0.0, whose checksums are in the installer, and 0.9.0, whose checksums are signed. */
export async function serveReleases(
  keys: { key?: SigningKey; signer?: SigningKey; haft?: (version: string) => string } = {},
): Promise<Release> {
  const key = keys.key ?? newKey();
  const signer = keys.signer ?? key;
  const scratch = mkdtempSync(join(tmpdir(), "haft-release-"));
  const files = new Map<string, Uint8Array | string>();
  const sums = new Map<string, Map<string, string>>();
  for (const version of ["1.0.0", "0.9.0"]) {
    const name = `haft-${version}-${platform}`;
    const outDir = join(scratch, version);
    mkdirSync(outDir);
    const archive = join(outDir, `${name}.tar.gz`);
    const content = (keys.haft ?? twoLines)(version);
    writeFileSync(archive, await tarGzOf([{ path: `${name}/haft`, content, executable: true }]));
    sums.set(version, writeChecksums([archive], { version, outDir, key: signer }));
    for (const file of readdirSync(outDir)) {
      files.set(`/v${version}/${file}`, readFileSync(join(outDir, file)));
    }
  }
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    asked.push(path);
    const file = files.get(path);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const url = await listen(server);
  const facts = {
    version: "1.0.0",
    releasesUrl: url,
    publicKey: key.publicKey,
    sums: sums.get("1.0.0") ?? new Map<string, string>(),
  };
  const installers = writeInstallers(facts, scratch);
  const [installer = ""] = installers;
  for (const path of [...installers, ...await writeCiTemplates(facts, scratch)]) {
    files.set(`/v1.0.0/${basename(path)}`, readFileSync(path));
    files.set(`/latest/${basename(path)}`, readFileSync(path));
  }
  return { url, asked, installer, files, close: () => close(server) };
}

function twoLines(version: string): string {
  return `#!/bin/sh\necho "haft ${version}"\n`;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return `http://127.0.0.1:${address.port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
