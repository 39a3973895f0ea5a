/** Whether a daemon's version is before the extension's; what follows a hyphen does not count. */
export function isOlder(daemon: string, extension: string): boolean {
  const [left, right] = [numbersOf(daemon), numbersOf(extension)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}

function numbersOf(version: string): number[] {
  const [numbers = ""] = version.split("-");
  return numbers.split(".").map(Number);
}
