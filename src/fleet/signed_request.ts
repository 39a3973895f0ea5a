/**
 * One message of a sender to a host, and its signature. What is signed is the subject (fleet, host, sender,
 * method), the host's challenge for this session, and the hash of the text. So a message counts for one
 * host, one method, one session and one place in it: whatever is sent again, or to another, is refused
 * without a look at any clock.
 */
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { isMessage } from "../protocol/is_message.ts";
import type { Message } from "../protocol/envelope.ts";
import { isSignedBy, type UserKey } from "./nkey.ts";

export const SIGNATURE_HEADER = "Haft-Signature";

export interface SignedRequest {
  /** Counts the messages of a session, from 0. */
  n: number;
  /** Milliseconds since the session began, by the sender's monotonic clock. */
  at: number;
  message: Message;
}

/**
 * A piece of the JSON text of a message that is too large for one of the server's; it counts like a message.
 */
export interface SignedPart {
  n: number;
  at: number;
  part: string;
  last: boolean;
}

/** What a host sends: a message of its daemon, or the session's end. */
export interface Reply {
  /** Counts the replies of a session, from 1; 0 for a refusal before there is one. */
  s: number;
  /** With the first: what the sender's further signatures have to hold. */
  challenge?: string;
  message?: Message;
  /** Why the session is over. */
  closed?: string;
}

export function encodeText(value: SignedRequest | SignedPart | Reply): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** @param challenge empty for the first message of a session */
export function signRequest(
  key: UserKey,
  { subject, challenge, text }: { subject: string; challenge: string; text: Uint8Array },
): string {
  return Buffer.from(key.sign(signedBytes(subject, challenge, text))).toString("base64url");
}

export function isRequestOf(
  sender: string,
  { subject, challenge, text, signature }: {
    subject: string;
    challenge: string;
    text: Uint8Array;
    signature: string;
  },
): boolean {
  return isSignedBy(sender, signedBytes(subject, challenge, text), Buffer.from(signature, "base64url"));
}

/** A character of a text within a text within a message has at most so many bytes. */
const CHARACTER_BYTES = 6;

/** Pieces of a text, each small enough for a message of so many bytes. */
export function piecesOf(text: string, most: number): string[] {
  const length = Math.floor(most / CHARACTER_BYTES);
  return Array.from(
    { length: Math.ceil(text.length / length) },
    (_, index) => text.slice(index * length, (index + 1) * length),
  );
}

/** @returns undefined for what is no request */
export function decodeRequest(text: Uint8Array): SignedRequest | SignedPart | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !Number.isSafeInteger(value["n"]) || typeof value["at"] !== "number") {
    return undefined;
  }
  const { n, at, message, part, last } = value;
  if (typeof n === "number" && typeof at === "number" && typeof part === "string") {
    return { n, at, part, last: last === true };
  }
  return typeof n === "number" && typeof at === "number" && isMessage(message)
    ? { n, at, message }
    : undefined;
}

/** @returns undefined for what is no reply */
export function decodeReply(text: Uint8Array): Reply | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { s, challenge, message, closed } = value;
  if (typeof s !== "number" || (message !== undefined && !isMessage(message))) return undefined;
  return {
    s,
    ...(typeof challenge === "string" ? { challenge } : {}),
    ...(message === undefined ? {} : { message }),
    ...(typeof closed === "string" ? { closed } : {}),
  };
}

function signedBytes(subject: string, challenge: string, text: Uint8Array): Uint8Array {
  const hash = createHash("sha256").update(text).digest("hex");
  return new TextEncoder().encode(`haft-fleet-1\n${subject}\n${challenge}\n${hash}`);
}

function parseJson(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
