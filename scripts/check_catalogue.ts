/**
 * Checks every entry of the catalogue against the registry that npm's configuration names: at the latest
 * version each platform's package exists and has a strong hash, and this machine's archive is what its hash
 * says and holds each declared executable. Needs the network; the tests check the file alone.
 *
 *     deno run -A scripts/check_catalogue.ts [TOOL…]
 *
 * Prints a line for every check that did not pass, and the counts. The registry may be a mirror that lacks
 * packages: what it lacks is skipped, unless the publisher's own list of platforms does not name it either.
 * Exits 1 when a check failed.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { createTarDecoder } from "modern-tar";
import { errorMessage } from "../src/base/errors.ts";
import { catalogueEntry, catalogueNames } from "../src/tools/catalogue/catalogue.ts";
import { buildFor, executablesFor, publishedPlatforms } from "../src/tools/sources/build.ts";
import { hostPlatform } from "../src/tools/host_platform.ts";
import { createHttpClient } from "../src/tools/http/http_client.ts";
import { strongestIntegrity } from "../src/tools/integrity.ts";
import { createNpmRegistry } from "../src/tools/registry/npm_registry.ts";
import { mapLimited } from "../src/base/work_pool.ts";
import type { HttpEntry } from "../src/tools/sources/http.ts";
import type { NpmEntry, NpmNativeBuild } from "../src/tools/sources/npm.ts";
import { orNotFound } from "../src/tools/sources/source_error.ts";

type Verdict = "passed" | "failed" | "skipped";

const counts: Record<Verdict, number> = { passed: 0, failed: 0, skipped: 0 };
const host = hostPlatform();
const scratch = await mkdtemp(join(tmpdir(), "haft-catalogue-"));
const http = createHttpClient({});
const registry = createNpmRegistry({
  http,
  env: process.env,
  projectDir: process.cwd(),
  home: homedir(),
  metadataDir: scratch,
  offline: false,
});

try {
  const names = process.argv.length > 2 ? process.argv.slice(2) : catalogueNames();
  for (const name of names) {
    const entry = catalogueEntry(name);
    if (entry === undefined) note("failed", name, "is not in the catalogue");
    for (const source of entry?.sources ?? []) {
      await guarded(
        `${name} (${source.source})`,
        (label) => source.source === "npm" ? checkNpm(label, source) : checkHttp(label, source),
      );
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

function note(verdict: Verdict, label: string, text: string): void {
  counts[verdict]++;
  if (verdict !== "passed") console.log(`${verdict}: ${label}: ${text}`);
}

async function guarded(label: string, check: (label: string) => Promise<void>): Promise<void> {
  try {
    await check(label);
  } catch (error) {
    note("failed", label, errorMessage(error));
  }
}

async function checkNpm(label: string, source: NpmEntry): Promise<void> {
  const wrapper = await registry.manifest(source.versions, "latest");
  note("passed", label, `latest is ${wrapper.version}`);
  const build = source.builds === undefined ? undefined : buildFor(source.builds, wrapper.version);
  if (build?.kind === "native") {
    await checkNative(label, build, {
      version: wrapper.version,
      listed: Object.keys(wrapper.optionalDependencies ?? {}),
    });
    return;
  }
  const strong = strongestIntegrity(wrapper.dist.integrity ?? "") !== undefined && wrapper.bin !== undefined;
  note(strong ? "passed" : "failed", label, "integrity and executables of the package");
}

async function checkNative(
  label: string,
  build: NpmNativeBuild,
  { version, listed }: { version: string; listed: readonly string[] },
): Promise<void> {
  const published = publishedPlatforms(build);
  const fill = (word: string) => build.package.replaceAll("{platform}", word);
  const packages = new Set([
    ...published.map(([, word]) => fill(word)),
    ...(build.companions ?? []).map((companion) => companion.package),
  ]);
  await mapLimited([...packages], 8, async (name) => {
    const manifest = await orNotFound(registry.manifest(name, version));
    if (manifest !== undefined) {
      const strong = strongestIntegrity(manifest.dist.integrity ?? "") !== undefined;
      note(strong ? "passed" : "failed", label, `${name}@${version} integrity`);
    } else if (listed.length > 0 && !listed.includes(name)) {
      note("failed", label, `${name}@${version} is neither here nor in the publisher's list`);
    } else {
      note("skipped", label, `this registry lacks ${name}@${version}`);
    }
  });
  const word = build.platforms[host];
  if (word === undefined) {
    note("skipped", label, `not published for ${host}`);
    return;
  }
  const name = fill(word);
  const archived = await orNotFound(filesOf(name, version));
  if (archived === undefined) {
    note("skipped", label, `no ${name}@${version} to look into`);
    return;
  }
  for (const [executable, path] of Object.entries(executablesFor(build, host))) {
    const mode = archived.get([...Array(build.strip).fill("*"), path].join("/"));
    const runs = mode !== undefined && (host.startsWith("win32-") || (mode & 0o111) !== 0);
    note(runs ? "passed" : "failed", label, `${name}@${version} holds ${executable} at ${path}`);
  }
}

/** Path (first component `*`) → mode of every file of a package's tarball, after checking its hash. */
async function filesOf(name: string, version: string): Promise<Map<string, number>> {
  const { dist } = await registry.manifest(name, version);
  const integrity = strongestIntegrity(dist.integrity ?? "") ?? "";
  const [algorithm = "", digest] = integrity.split("-");
  const hash = createHash(algorithm);
  const { url, headers } = await registry.tarball(name, version);
  const response = await http.get(url, { headers });
  const decoder = createTarDecoder({ strict: true });
  const files = new Map<string, number>();
  const reading = (async () => {
    for await (const { header, body } of decoder.readable) {
      files.set(header.name.replace(/^[^/]*\//, "*/"), header.mode ?? 0);
      await body.cancel();
    }
  })();
  const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const writer = decoder.writable.getWriter();
  await pipeline(
    Readable.from(hashed(response.body)),
    createGunzip(),
    async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await writer.write(chunk);
      await writer.close();
    },
  );
  await reading;
  if (hash.digest("base64") !== digest) throw new Error(`${name}@${version} is not what its integrity says`);
  return files;
}

async function checkHttp(label: string, source: HttpEntry): Promise<void> {
  let response;
  try {
    response = await http.get(source.index, { attempts: 1 });
  } catch (error) {
    note("skipped", label, `cannot be reached from here: ${errorMessage(error)}`);
    return;
  }
  const reached = response.status === 200;
  await response.cancel();
  note(reached ? "passed" : "skipped", label, `${source.index} answered ${response.status}`);
}
