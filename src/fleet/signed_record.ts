/**
 * What a host says of itself and of its work, signed with its own key for the subject that it says it on. The
 * server refuses another's subject; the signature holds also against what the server itself was made to
 * write there, and against a server that was taken over.
 */
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { UserKey } from "./nkey.ts";
import { isRequestOf, SIGNATURE_HEADER, signRequest } from "./signed_request.ts";

const KEY_HEADER = "Haft-Key";
/** Stands where a session has its challenge: a signature of the one never counts for the other. */
const RECORD = "record";

export interface SignedRecord {
  headers: MsgHdrs;
  /** For the server, which stores a message once: no other member can use it up before. */
  msgID: string;
}

export function signRecord(key: UserKey, subject: string, text: Uint8Array): SignedRecord {
  const signature = signRequest(key, { subject, challenge: RECORD, text });
  const header = headers();
  header.set(KEY_HEADER, key.publicKey);
  header.set(SIGNATURE_HEADER, signature);
  return { headers: header, msgID: signature };
}

/** A message of a stream; the server's own kind, and the client's. */
export type StoredMessage =
  & { subject: string; data: Uint8Array }
  & (
    | { header: MsgHdrs }
    | { headers?: MsgHdrs | undefined }
  );

/** The key that signed a record; undefined when it says none, or the signature does not fit. */
export function signerOf(message: StoredMessage): string | undefined {
  const { subject, data } = message;
  const header = "header" in message ? message.header : message.headers;
  const key = header?.get(KEY_HEADER) ?? "";
  const signature = header?.get(SIGNATURE_HEADER) ?? "";
  // What was not signed at all costs no check.
  if (key === "" || signature === "") return undefined;
  return isRequestOf(key, { subject, challenge: RECORD, text: data, signature }) ? key : undefined;
}
