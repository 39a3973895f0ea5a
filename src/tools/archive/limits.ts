/**
 * What one tool's archives may hold at most. Enforced while reading, before anything is allocated or written.
 */
export interface ArchiveLimits {
  /** Entries of all kinds. */
  entries: number;
  /** Bytes after decompression. */
  bytes: number;
  /** Bytes after decompression for each byte before it. */
  ratio: number;
  /** Components of a path. */
  depth: number;
  /** Bytes of one path component, as file systems have it. */
  componentBytes: number;
  /** Bytes of one archive as downloaded. */
  downloadBytes: number;
}

const GiB = 2 ** 30;

export const ARCHIVE_LIMITS: Readonly<ArchiveLimits> = {
  entries: 200_000,
  bytes: 8 * GiB,
  ratio: 1_000,
  depth: 64,
  componentBytes: 255,
  downloadBytes: 4 * GiB,
};

/** Below this many bytes of output the ratio says nothing: an empty tar is almost all zeros. */
export const RATIO_FLOOR_BYTES = 2 ** 20;
