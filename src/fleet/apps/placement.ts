/**
 * Which host runs which copy of an app: a pure function of what is wanted, which hosts are there and where
 * the copies are now. It moves as little as it can. Each host has one copy of an app at most.
 */
import { hostSelectionText, selectsHost } from "../../tools/manifest/host_selector.ts";
import type { AppState } from "../../protocol/methods/app_methods.ts";
import type { AppSpec, PlacedCopy } from "./app_message.ts";

/** A host that is there. */
export interface PlacementHost {
  host: string;
  labels: Readonly<Record<string, string>>;
  /** Copies of all apps that it has. */
  load: number;
  /** It was silent for longer than the limit; others are better. */
  suspect: boolean;
  /** Why it does not take this app; undefined when it does. */
  refused: string | undefined;
}

/** How a copy is where it was placed. */
export interface CopySight {
  /** The host was silent for longer than the fleet's limit. */
  lost: boolean;
  run: number | undefined;
  state: AppState | "waiting" | undefined;
  reason: string | undefined;
}

export interface PlacementFacts {
  spec: Pick<AppSpec, "hosts" | "replicas" | "stopped" | "run">;
  hosts: readonly PlacementHost[];
  before: readonly PlacedCopy[];
  /** Of the copies that were placed, by their number. */
  sights: ReadonlyMap<number, CopySight>;
}

/** Where the copies are to be now. */
export function placeCopies(facts: PlacementFacts): PlacedCopy[] {
  if (facts.spec.stopped) return [];
  const { kept, waiting } = keptCopies(facts);
  const used = new Set(kept.map(({ host }) => host));
  /** Hosts whose refusal a copy has as its reason: another copy has another's. */
  const told = new Set<string>();
  const placed = waiting.map((copy): PlacedCopy => {
    const candidates = facts.hosts
      .filter((one) => takes(one, facts.spec) && !used.has(one.host))
      .sort((a, b) => Number(a.suspect) - Number(b.suspect) || a.load - b.load || (a.host < b.host ? -1 : 1));
    const host = candidates[0]?.host ?? null;
    if (host !== null) used.add(host);
    return { copy, host, run: facts.spec.run, why: host === null ? whyNone(facts, used, told) : null };
  });
  return rolled([...kept, ...placed].sort((a, b) => a.copy - b.copy), facts);
}

/** What stays where it is, and the numbers of the copies that need a host. */
function keptCopies(
  { spec, hosts, before, sights }: PlacementFacts,
): { kept: PlacedCopy[]; waiting: number[] } {
  const there = new Map(hosts.map((one) => [one.host, one]));
  const kept = before.filter(({ copy, host }) => {
    if (host === null) return false;
    const known = there.get(host);
    // The labels of a host that is not there are taken to be those that it had.
    const isMeant = known === undefined
      ? spec.hosts.names.length === 0 || spec.hosts.names.includes(host)
      : takes(known, spec);
    // With a copy on each host, the others have theirs already.
    return isMeant && (spec.replicas === "all" || (copy < spec.replicas && sights.get(copy)?.lost !== true));
  }).map((one) => ({ ...one, why: null }));
  const keeps = new Set(kept.map(({ host }) => host));
  const wanted = spec.replicas === "all"
    ? kept.length + hosts.filter((one) => selectsHost(spec.hosts, one) && !keeps.has(one.host)).length
    : spec.replicas;
  const taken = new Set(kept.map(({ copy }) => copy));
  const waiting: number[] = [];
  for (let copy = 0; kept.length + waiting.length < wanted; copy++) if (!taken.has(copy)) waiting.push(copy);
  return { kept, waiting };
}

function takes(host: PlacementHost, { hosts }: Pick<AppSpec, "hosts">): boolean {
  return selectsHost(hosts, host) && host.refused === undefined;
}

/**
 * Lets one copy after the other take up the newest run: the next when all that have it are well. One that is
 * not well goes first.
 */
function rolled(copies: PlacedCopy[], { spec, sights }: PlacementFacts): PlacedCopy[] {
  const isOld = ({ host, run }: PlacedCopy) => host !== null && run < spec.run;
  const old = copies.filter(isOld);
  if (old.length === 0) return copies;
  const troubled = copies.find((one) =>
    one.host !== null && !isOld(one) && !isWell(one, sights.get(one.copy))
  );
  if (troubled !== undefined) {
    const why = `waits for copy ${troubled.copy} on ${troubled.host}${stateOf(sights.get(troubled.copy))}`;
    return copies.map((one) => isOld(one) ? { ...one, why } : one);
  }
  const next = old.find((one) => !isWell(one, sights.get(one.copy))) ?? old[0];
  return copies.map((one) =>
    one === next
      ? { ...one, run: spec.run, why: null }
      : isOld(one)
      ? { ...one, why: `waits for copy ${next?.copy} on ${next?.host}` }
      : one
  );
}

/** Whether a copy runs as it was placed, and is healthy where it has a health check. */
export function isWell({ run }: Pick<PlacedCopy, "run">, sight: CopySight | undefined): boolean {
  return sight !== undefined && !sight.lost && sight.run === run && isGood(sight.state);
}

/** @param state `running` of an app with a health check is not good yet, and is told as `starting` */
function isGood(state: CopySight["state"]): boolean {
  return state === "running" || state === "healthy";
}

function stateOf(sight: CopySight | undefined): string {
  if (sight?.state === undefined) return "";
  const { state, reason } = sight;
  return `, which is ${state}${reason === undefined ? "" : `: ${reason}`}`;
}

function whyNone(
  { spec: { hosts: selection }, hosts }: PlacementFacts,
  used: ReadonlySet<string | null>,
  told: Set<string>,
): string {
  const meant = hosts.filter((one) => selectsHost(selection, one));
  const text = words(selection);
  if (meant.length === 0) return `no host that is there ${text}`;
  const refusals = meant.filter(({ host, refused }) => refused !== undefined && !used.has(host));
  const refusing = refusals.find(({ host }) => !told.has(host)) ?? refusals[0];
  if (refusing !== undefined) told.add(refusing.host);
  if (refusing !== undefined) return `${refusing.host} does not take it: ${refusing.refused}`;
  return meant.length === 1
    ? `the one host that ${text} has a copy already`
    : `each of the ${meant.length} hosts that ${text} has a copy already`;
}

function words(selection: AppSpec["hosts"]): string {
  const text = hostSelectionText(selection);
  if (selection.names.length > 0) return `is ${text}`;
  return text === "*" ? "is in the fleet" : `has ${text}`;
}
