/**
 * 12 random hex digits. By the runtimes' own global: loading node:crypto for them would cost the daemon 7 MB
 * and every command a millisecond.
 */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
