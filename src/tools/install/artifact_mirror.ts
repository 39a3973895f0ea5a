/** Artifacts that machines fetch for each other: each is looked for by the hash that proves it. */
import type { ArtifactAddress } from "../sources/source.ts";
import type { ArtifactHttp } from "./artifact_http.ts";

/** Where another machine's copy is read. */
export interface SharedArtifact {
  url: string;
  http: ArtifactHttp;
}

/** What a machine that waits is told of the one that fetches. */
export interface FetchedElsewhere {
  host: string;
  bytes: number;
  total: number | null;
}

export interface ArtifactMirror {
  /**
   * Looks for a copy; waits while another machine fetches the artifact.
   *
   * @returns undefined when this machine is to fetch it from its source
   */
  find(
    integrity: string,
    hooks: { signal: AbortSignal; onWait(progress: FetchedElsewhere): void },
  ): Promise<SharedArtifact | undefined>;
  /** Says how far this machine's own download is. */
  fetching(integrity: string, progress: { bytes: number; total: number | null }): void;
  /** The download failed: another machine may try. */
  giveUp(integrity: string): Promise<void>;
  /** The copy is not what its hash says, or broke off: this machine does not look there again. */
  distrust(integrity: string): void;
  /** Gives a verified artifact to the others. Failing to do so is no failure of the install. */
  share(integrity: string, path: string, hooks: { signal: AbortSignal; onStep(): void }): Promise<void>;
}

/** What another machine gave cannot be used; the next attempt asks the source. */
export class UselessCopy extends Error {
  override readonly name = "UselessCopy";
}

export interface MirroredFetch {
  integrity: string;
  /** Where the artifact's bytes lie once they are verified. */
  path: string;
  signal: AbortSignal;
  onWait(progress: FetchedElsewhere): void;
  onShare(): void;
  /** Fetches and verifies, from a copy or from the source. */
  fetch(copy: SharedArtifact | undefined): Promise<void>;
}

/** Fetches an artifact from another machine, or from its source for all of them. @throws {UselessCopy} */
export async function fetchByMirror(
  mirror: ArtifactMirror,
  { integrity, path, signal, onWait, onShare, fetch }: MirroredFetch,
): Promise<void> {
  const copy = await mirror.find(integrity, { signal, onWait });
  if (copy !== undefined) {
    try {
      return await fetch(copy);
    } catch (cause) {
      signal.throwIfAborted();
      mirror.distrust(integrity);
      throw new UselessCopy(`${copy.url} cannot be used`, { cause });
    }
  }
  try {
    await fetch(undefined);
  } catch (error) {
    await mirror.giveUp(integrity);
    throw error;
  }
  await mirror.share(integrity, path, { signal, onStep: onShare });
}

/** What needs a password at its source is not for every machine that can read the mirror. */
export function isPublic({ url, headers }: ArtifactAddress): boolean {
  const { username, password } = new URL(url);
  return username === "" && password === "" && Object.keys(headers).length === 0;
}
