/** What one answer may hold, well below what the protocol lets a frame have. */
const MOST = { bytes: 512 * 1024, keys: 8_000 };

/** Keys that each item has around what it is counted by. */
const OWN_KEYS = 4;

/**
 * The first of the JSON texts, as many as go into one answer; at least one.
 *
 * @param texts each one item of the answer, or most of it
 */
export function fitting(texts: readonly string[]): string[] {
  let [bytes, keys] = [0, 0];
  const end = texts.findIndex((text, index) => {
    bytes += text.length;
    // Too many where a text has such characters, never too few.
    keys += OWN_KEYS + text.split('":').length - 1;
    return index > 0 && (bytes > MOST.bytes || keys > MOST.keys);
  });
  return texts.slice(0, end < 0 ? undefined : end);
}
