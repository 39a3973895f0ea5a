import process from "node:process";

/**
 * The SHA-256 of a text, in hex digits. The first one loads node:crypto: an import would cost every command 2
 * to 5 ms, and most need no hash.
 */
export function sha256(text: string): string {
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(text).digest("hex");
}
