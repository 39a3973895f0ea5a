/**
 * What is said of apps over hosts. A spec is what an operator wants, signed by the operator's key; a place is
 * what the controller proposes; a lease is a host's right to run a copy; a report is how it goes there.
 */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { canonicalJson } from "../../base/canonical_json.ts";
import { AppState } from "../../protocol/methods/app_methods.ts";
import type { UserKey } from "../nkey.ts";
import { isRequestOf, signRequest } from "../signed_request.ts";
import { appPlace } from "../subjects.ts";

const Selection = v.object({ names: v.array(v.string()), labels: v.record(v.string(), v.string()) });

/** What an operator wants of one app. */
export const AppSpec = v.object({
  /** The app's name, and its project's directory on each host. */
  name: v.string(),
  root: v.string(),
  /** The hash of its `[apps.NAME]`: a host runs no other. */
  table: v.string(),
  hosts: Selection,
  replicas: v.union([v.number(), v.literal("all")]),
  on_lost: v.picklist(["stop", "keep"]),
  stopped: v.boolean(),
  /** Rises with each spec of the app: an older one is refused. */
  revision: v.number(),
  /** The revision that last asked for a start or restart; a copy with a lower one is restarted. */
  run: v.number(),
});
export type AppSpec = v.InferOutput<typeof AppSpec>;

/** Where one copy is to run. */
export const PlacedCopy = v.object({
  copy: v.number(),
  /** Null while no host can have it. */
  host: v.nullable(v.string()),
  run: v.number(),
  /** Why it waits. */
  why: v.nullable(v.string()),
});
export type PlacedCopy = v.InferOutput<typeof PlacedCopy>;

/** More is no honest host's: each term is one more than the one before. */
const MOST_TERM = 2 ** 40;
const Term = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MOST_TERM));

/** What the controller says about one app. */
export const Placement = v.object({
  /** Of the controller: each new one has a higher term, and what one of a lower says counts no more. */
  term: Term,
  /** Of the spec that it answers. */
  revision: v.number(),
  copies: v.array(PlacedCopy),
});
export type Placement = v.InferOutput<typeof Placement>;

/**
 * A host's right to run a copy, or to be the controller. It counts until it is silent for the fleet's limit.
 */
export const LeaseRecord = v.object({
  /** The machine and its haft: another machine that took its host's name is another holder. */
  instance: v.string(),
  term: Term,
  /** Milliseconds for which its holder counts on it after a renewal. */
  limit_ms: v.number(),
  /** Given back. */
  free: v.boolean(),
});
export type LeaseRecord = v.InferOutput<typeof LeaseRecord>;

/** How it goes with one app on one host. */
export const CopyReport = v.object({
  /** Of the spec that it is about. */
  revision: v.number(),
  /** Why this host does not take it; null when it does. */
  refused: v.nullable(v.string()),
  /** Null while it has none. */
  copy: v.nullable(v.number()),
  run: v.nullable(v.number()),
  state: v.nullable(v.union([AppState, v.literal("waiting")])),
  reason: v.nullable(v.string()),
  pid: v.nullable(v.number()),
  /** Milliseconds since 1970, by the host's clock. */
  since: v.number(),
});
export type CopyReport = v.InferOutput<typeof CopyReport>;

/** Names an operator's app for the whole fleet. */
export function appIdOf({ key, root, name }: { key: string; root: string; name: string }): string {
  return sha256([key, root, name].join("\0")).slice(0, 32);
}

/** The lease of one copy. */
export function leaseId(app: string, copy: number): string {
  return `${app}-${copy}`;
}

/** What {@link leaseId} was made from. */
export function leaseOf(id: string): { app: string; copy: number } {
  const at = id.lastIndexOf("-");
  return { app: id.slice(0, at), copy: Number(id.slice(at + 1)) };
}

/** The id of the controller's lease. */
export const CONTROLLER = "controller";

/** The hash of an `[apps.NAME]` as it is written. */
export function tableHash(table: unknown): string {
  return sha256(canonicalJson(table));
}

/** Stands where a session has its challenge: a signature of the one never counts for the other. */
const PURPOSE = "apps";

export function signSpec(key: UserKey, subject: string, text: Uint8Array): string {
  return signRequest(key, { subject, challenge: PURPOSE, text });
}

/** Whether the key that the subject names signed this text for this fleet and app. */
export function isSignedSpec(
  { subject, text, signature }: { subject: string; text: Uint8Array; signature: string },
): boolean {
  const { who } = appPlace(subject);
  return isRequestOf(who, { subject, challenge: PURPOSE, text, signature });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
