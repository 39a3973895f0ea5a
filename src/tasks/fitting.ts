/** The size of one answer, well below the protocol's limit of a frame. */
const MOST = { bytes: 512 * 1024, keys: 8_000 };

/** Keys that each item has around its text. */
const OWN_KEYS = 4;

/**
 * The first of the JSON texts, as many as fit into one answer; at least one.
 *
 * @param texts each is one item of the answer, or most of it
 */
export function fitting(texts: readonly string[]): string[] {
  let [bytes, keys] = [0, 0];
  const end = texts.findIndex((text, index) => {
    bytes += text.length;
    // Counts too many keys when a text holds these characters, and never too few.
    keys += OWN_KEYS + text.split('":').length - 1;
    return index > 0 && (bytes > MOST.bytes || keys > MOST.keys);
  });
  return texts.slice(0, end < 0 ? undefined : end);
}
