import { type Platform, platformParts } from "../platform.ts";

/** `os`, `cpu` and `libc` of package.json: a text or a list, each name as it is or negated (`!win32`). */
export interface PlatformLimits {
  readonly os?: readonly string[] | string | undefined;
  readonly cpu?: readonly string[] | string | undefined;
  readonly libc?: readonly string[] | string | undefined;
}

/** Whether npm would install a package with these limits on the platform. */
export function platformMatches(platform: Platform, { os, cpu, libc }: PlatformLimits): boolean {
  const parts = platformParts(platform);
  return allows(os, parts.os) && allows(cpu, parts.cpu) &&
    // npm compares libc on Linux only.
    (parts.libc === undefined || allows(libc, parts.libc));
}

/** npm's rule: a negated name excludes; names that are not negated must include the value when there are any. */
function allows(limit: readonly string[] | string | undefined, value: string): boolean {
  const names = typeof limit === "string" ? [limit] : limit ?? [];
  if (names.includes(`!${value}`)) return false;
  const wanted = names.filter((name) => !name.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}
