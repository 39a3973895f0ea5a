/**
 * Versions as publishers write them, as semantic versions: `1.27` is 1.27.0, `go1.27rc1` and `1.27rc1` are
 * 1.27.0-rc.1, `jq-1.7.1` is 1.7.1, and 2025.09.05 is 2025.9.5. A fourth number or `.post1` counts
 * revisions of the package, not versions of the tool.
 */
const LOOSE =
  /^(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:\.\d+)*)(?:[-._]?(a|alpha|b|beta|c|rc|pre|preview|dev)[-._]?(\d*))?(?:\.(?:post|dev)\d+)*(?:\+[0-9a-z.]+)?$/i;

const PRE: Readonly<Record<string, string>> = { a: "alpha", b: "beta", c: "rc", pre: "rc", preview: "rc" };

/** The semantic version of a text without prefix; undefined when it has no such form. */
export function looseVersion(text: string): string | undefined {
  const match = LOOSE.exec(text.trim());
  if (match === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", , pre, count] = match;
  const numbers = [major, minor, patch].map((digits) => String(Number(digits))).join(".");
  if (!Number.isSafeInteger(Number(major)) || pre === undefined) return numbers;
  const word = pre.toLowerCase();
  return `${numbers}-${PRE[word] ?? word}.${count === "" ? "0" : Number(count)}`;
}

/** Compares two texts of the same semantic version by the numbers in them: the later revision is greater. */
export function compareRevisions(a: string, b: string): number {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Semantic version → the publisher's own text, the latest revision of each.
 *
 * @param read takes a text apart; undefined leaves it out
 */
export function versionMap(
  texts: Iterable<string>,
  read: (text: string) => string | undefined = looseVersion,
): Map<string, string> {
  const map = new Map<string, string>();
  for (const text of texts) {
    const version = read(text);
    if (version === undefined) continue;
    const known = map.get(version);
    if (known === undefined || compareRevisions(text, known) > 0) map.set(version, text);
  }
  return map;
}
