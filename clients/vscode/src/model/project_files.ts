import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

type Content = Uint8Array | undefined;

/** A directory's haft.toml and its lock file, which can be put back as they were. */
export class ProjectFiles {
  readonly manifest: string;
  readonly #lock: string;
  readonly #before: { manifest: Content; lock: Content };
  #written: Content;

  constructor(directory: string) {
    this.manifest = nearestManifest(directory) ?? join(directory, "haft.toml");
    this.#lock = join(dirname(this.manifest), "haft.lock");
    this.#before = { manifest: read(this.manifest), lock: read(this.#lock) };
    this.#written = this.#before.manifest;
  }

  /** haft has written the manifest. */
  written(): void {
    this.#written = read(this.manifest);
  }

  /** @returns false where nothing was written, or another program has changed the manifest since */
  putBack(): boolean {
    const { manifest, lock } = this.#before;
    const now = read(this.manifest);
    if (same(now, manifest) || !same(now, this.#written)) return false;
    write(this.manifest, manifest);
    if (!same(read(this.#lock), lock)) write(this.#lock, lock);
    return true;
  }
}

function nearestManifest(directory: string): string | undefined {
  const path = join(directory, "haft.toml");
  if (existsSync(path)) return path;
  return directory === dirname(directory) ? undefined : nearestManifest(dirname(directory));
}

function read(path: string): Content {
  return existsSync(path) ? readFileSync(path) : undefined;
}

function write(path: string, content: Content): void {
  if (content === undefined) rmSync(path, { force: true });
  else writeFileSync(path, content);
}

function same(one: Content, other: Content): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
