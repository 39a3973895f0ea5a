/**
 * How both ends of a pipe prove that they can read the pipe's token, without showing it: each answers the
 * other's random challenge with an HMAC over both challenges.
 *
 *     client → server   preamble, 32 random bytes
 *     server → client   32 random bytes, the server's proof
 *     client → server   the client's proof; from here on frames, both ways
 *
 * The server is silent until it has been greeted, and the client sends no message before the server has
 * proved itself. Each side's name is part of its proof, so that one cannot be sent back as the other;
 * both challenges are, so that none can be sent again.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

export type Side = "client" | "server";

export interface Challenges {
  client: Uint8Array;
  server: Uint8Array;
}

export const TOKEN_BYTES = 32;
export const CHALLENGE_BYTES = 32;
export const PROOF_BYTES = 32;
/** Names the handshake and its version. */
export const PREAMBLE: Buffer = Buffer.from("haft-pipe 1\n");
export const GREETING_BYTES: number = PREAMBLE.length + CHALLENGE_BYTES;
export const REPLY_BYTES: number = CHALLENGE_BYTES + PROOF_BYTES;

/** What this side sends to prove that it knows the token. */
export function proof(token: Uint8Array, side: Side, { client, server }: Challenges): Buffer {
  return createHmac("sha256", token).update(`haft-pipe 1 ${side}\n`).update(client).update(server).digest();
}

/** Takes the same time wherever the difference is. */
export function isProof(
  claimed: Uint8Array,
  token: Uint8Array,
  { side, challenges }: { side: Side; challenges: Challenges },
): boolean {
  const right = proof(token, side, challenges);
  return claimed.length === right.length && timingSafeEqual(claimed, right);
}
