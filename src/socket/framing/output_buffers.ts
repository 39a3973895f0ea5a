import { Buffer } from "node:buffer";

/**
 * Buffers for output, shared by all connections: each needs one from the first frame of a turn until its
 * bytes are written. Sizes are powers of two.
 */

const SMALLEST = 1024;
/** A buffer that a burst made larger than this is not kept. */
const LARGEST = 128 * 1024;
/** Bytes of all that are kept. */
const MOST_KEPT = 1024 * 1024;

/** By their size's logarithm. */
const kept: Buffer[][] = Array.from({ length: Math.log2(LARGEST) + 1 }, () => []);
let keptBytes = 0;

/** Memory of `size` bytes or more, whose content is arbitrary; see {@link returnBuffer}. */
export function borrowBuffer(size: number): Buffer {
  if (size > LARGEST) return Buffer.allocUnsafeSlow(size);
  const power = 32 - Math.clz32(Math.max(size, SMALLEST) - 1);
  const buffer = kept[power]?.pop();
  if (buffer === undefined) return Buffer.allocUnsafeSlow(2 ** power);
  keptBytes -= buffer.length;
  return buffer;
}

/** To be called once, when nothing looks at the buffer any more. */
export function returnBuffer(buffer: Buffer): void {
  if (buffer.length > LARGEST || keptBytes + buffer.length > MOST_KEPT) return;
  keptBytes += buffer.length;
  kept[31 - Math.clz32(buffer.length)]?.push(buffer);
}
