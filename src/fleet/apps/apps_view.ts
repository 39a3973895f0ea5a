/** What this host has heard of apps over hosts, of the last that was said of each. */
import type { JsMsg } from "@nats-io/jetstream";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { appPlace } from "../subjects.ts";
import { decode } from "../tasks/task_message.ts";
import {
  appIdOf,
  AppSpec,
  CopyReport,
  isSignedSpec,
  leaseOf,
  LeaseRecord,
  Placement,
} from "./app_message.ts";
import { believedMs } from "./lease.ts";
import { elapsedMs, type Instant, instant } from "./elapsed.ts";

/** A spec whose signature was checked, and the key that signed it. */
export interface SignedSpec {
  id: string;
  sender: string;
  spec: AppSpec;
}

/** Something that was said, by which host, and since when it is the last. */
export interface Said<Value> {
  value: Value;
  host: string;
  seq: number;
  since: Instant;
}

export class AppsView {
  readonly specs: Map<string, SignedSpec> = new Map();
  readonly placements: Map<string, Said<Placement>> = new Map();
  /** Where each one's last placement is in the stream, whether it counts or not. */
  readonly placementSeqs: Map<string, number> = new Map();
  /** By app and host. */
  readonly reports: Map<string, Map<string, CopyReport>> = new Map();
  /** By app and copy. */
  readonly leases: Map<string, Map<number, Said<LeaseRecord>>> = new Map();
  controller: Said<LeaseRecord> | undefined;
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  take(message: JsMsg): void {
    const { who, kind, id } = appPlace(message.subject);
    switch (kind) {
      case "spec":
        return this.#spec(message, { id, sender: who });
      case "place":
        return this.#placement(message, id);
      case "lead":
        this.controller = saidBy(LeaseRecord, message, this.controller) ?? this.controller;
        return;
      case "lease": {
        const { app, copy } = leaseOf(id);
        const copies = entryOf(this.leases, app, () => new Map());
        const said = saidBy(LeaseRecord, message, copies.get(copy));
        if (said !== undefined) copies.set(copy, said);
        return;
      }
      case "seen": {
        const report = decode(CopyReport, message.data);
        if (report !== undefined) entryOf(this.reports, id, () => new Map()).set(who, report);
        return;
      }
    }
  }

  /** Whether the holder of this lease was silent for longer than it may. */
  isSilent(
    { value: { free, limit_ms: own }, since }: Said<LeaseRecord>,
    limits: { limitMs: number; longestMs: number },
  ): boolean {
    return !free && elapsedMs(since) >= believedMs(own, limits);
  }

  #placement(message: JsMsg, id: string): void {
    const before = this.placements.get(id);
    const said = saidBy(Placement, message, before);
    this.placementSeqs.set(id, Math.max(message.seq, this.placementSeqs.get(id) ?? 0));
    // What a former controller says after its successor has spoken does not count.
    if (said !== undefined && said.value.term >= (before?.value.term ?? 0)) this.placements.set(id, said);
  }

  #spec(message: JsMsg, { id, sender }: { id: string; sender: string }): void {
    const { subject, data: text, headers } = message;
    if (!isSignedSpec({ subject, text, signature: headers?.get(SIGNATURE_HEADER) ?? "" })) {
      return this.#log(`fleet: refused: an app that its sender did not sign for this fleet (${subject})`);
    }
    const spec = decode(AppSpec, text);
    if (spec === undefined || appIdOf({ key: sender, ...spec }) !== id) return;
    // An older one that comes again is a replay.
    if (spec.revision < (this.specs.get(id)?.spec.revision ?? 0)) return;
    this.specs.set(id, { id, sender, spec });
  }
}

function saidBy<Schema extends Parameters<typeof decode>[0]>(
  schema: Schema,
  { subject, data, seq }: JsMsg,
  before: Said<unknown> | undefined,
) {
  const value = decode(schema, data);
  // A list that comes again brings nothing new.
  if (value === undefined || (before !== undefined && seq <= before.seq)) return undefined;
  return { value, host: appPlace(subject).who, seq, since: instant() };
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
