/** How a file looked, as a text that is compared: inode, size and time of change. */

export const ABSENT = "absent";

export function lookOf(
  { inode, size, changedNs }: { inode: bigint; size: bigint; changedNs: bigint | string },
): string {
  return `${inode}.${size}.${changedNs}`;
}
