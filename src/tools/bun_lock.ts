/**
 * The few things haft needs to know of `bun.lock`, Bun's own lock file (text, JSON with trailing commas, one
 * package a line): `"name": ["name@version", "address", {…}, "integrity"]`. The address is empty for the
 * default registry.
 */

/**
 * The integrity that the lock has for a package at exactly this version; undefined when it holds another, or
 * none.
 */
export function lockedIntegrity(lock: string, name: string, version: string): string | undefined {
  const start = `    ${JSON.stringify(name)}: [${JSON.stringify(`${name}@${version}`)}, "`;
  const line = lock.split(/\r?\n/).find((candidate) => candidate.startsWith(start));
  return line === undefined ? undefined : /, "([a-z0-9]+-[A-Za-z0-9+/=]+)"\],?$/.exec(line)?.[1];
}

/**
 * The lock without addresses. Bun writes them for any registry but the default one; without them it asks the
 * registry that is configured where the lock is used, and the integrity still decides what is installed.
 */
export function withoutAddresses(lock: string): string {
  return lock.replace(/^( {4}"[^"\n]+": \["[^"\n]+", )"https?:\/\/[^"\n]*"/gm, `$1""`);
}
