/**
 * Says which host is to run which copy. Any host can be the controller, one at a time by a lease; what it
 * says is a proposal: the hosts check what the operator signed, and the lease of each copy decides. So a
 * controller that does not know that it has a successor can do no harm.
 */
import { errorMessage } from "../../base/errors.ts";
import { CONTROLLER, type PlacedCopy, type Placement } from "./app_message.ts";
import type { AppsView, Said, SignedSpec } from "./apps_view.ts";
import type { HostsView } from "./hosts_view.ts";
import { Lease } from "./lease.ts";
import type { LeaseLog } from "./lease_log.ts";
import { type CopySight, placeCopies, type PlacementHost } from "./placement.ts";
import { elapsedMs } from "./elapsed.ts";

export interface ControllerOptions {
  instance: string;
  limitMs: number;
  longestMs: number;
  leases: LeaseLog;
  apps: AppsView;
  hosts: HostsView;
  log: (line: string) => void;
}

/** A controller that is silent for so long has a successor. */
const MOST_SILENT_MS = 10_000;
const WRITE_MS = 2_000;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #lease: Lease;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { instance, limitMs, longestMs } = options;
    this.#lease = new Lease({
      kind: "lead",
      id: CONTROLLER,
      instance,
      limitMs: Math.min(MOST_SILENT_MS, limitMs),
      longestMs,
    });
  }

  /** One look: becomes the controller where there is none, and writes what is to change. Never fails. */
  async look(): Promise<void> {
    const { apps, log } = this.#options;
    // A fleet without apps needs none.
    if (apps.specs.size === 0) return;
    try {
      if (!await this.#leads()) return;
      for (const signed of apps.specs.values()) await this.#place(signed);
    } catch (error) {
      log(`fleet: apps are not placed for now: ${errorMessage(error)}`);
    }
  }

  /** Lets another be it at once. */
  async leave(): Promise<void> {
    await this.#lease.release(this.#options.leases).catch(() => {});
  }

  async #leads(): Promise<boolean> {
    const { apps: { controller }, leases, log } = this.#options;
    if (this.#lease.held !== undefined) {
      if (this.#lease.isDue && !await this.#lease.renew(leases)) log("fleet: another host places apps now");
      return this.#lease.isSure;
    }
    if (controller !== undefined) this.#lease.observe({ ...controller, term: controller.value.term });
    const isOthers = controller !== undefined && controller.host !== leases.host && !controller.value.free;
    if (isOthers && !this.#lease.isSilent(controller.value.limit_ms)) return false;
    if (await this.#lease.take(leases) !== undefined) return false;
    log("fleet: this host places the fleet's apps now");
    return true;
  }

  async #place({ id, spec }: SignedSpec): Promise<void> {
    const { apps, leases } = this.#options;
    const before = apps.placements.get(id);
    const term = this.#lease.held?.term ?? 0;
    const copies = placeCopies({
      spec,
      hosts: this.#hosts(id),
      before: before?.value.copies ?? [],
      sights: this.#sights(id, before),
    });
    const next: Placement = { term, revision: spec.revision, copies };
    if (before !== undefined && JSON.stringify(before.value) === JSON.stringify(next)) return;
    // Behind what is known: where that is old, the next look knows better.
    await leases.write("place", id, next, {
      after: apps.placementSeqs.get(id) ?? 0,
      timeoutMs: WRITE_MS,
    });
  }

  #hosts(id: string): PlacementHost[] {
    const { apps, hosts } = this.#options;
    const load = new Map<string, number>();
    const suspect = new Set<string>();
    for (const copies of apps.leases.values()) {
      for (const lease of copies.values()) {
        if (lease.value.free) continue;
        if (apps.isSilent(lease, this.#options)) suspect.add(lease.host);
        else load.set(lease.host, (load.get(lease.host) ?? 0) + 1);
      }
    }
    const revision = apps.specs.get(id)?.spec.revision;
    return hosts.there.map(({ host, labels }) => {
      const report = apps.reports.get(id)?.get(host);
      return {
        host,
        labels,
        load: load.get(host) ?? 0,
        suspect: suspect.has(host),
        refused: report?.revision === revision ? report?.refused ?? undefined : undefined,
      };
    });
  }

  #sights(id: string, placement: Said<Placement> | undefined): Map<number, CopySight> {
    const sights = new Map<number, CopySight>();
    for (const placed of placement?.value.copies ?? []) {
      if (placement !== undefined) sights.set(placed.copy, this.#sight(id, placed, placement));
    }
    return sights;
  }

  #sight(id: string, { copy, host }: PlacedCopy, placement: Said<Placement>): CopySight {
    const { apps, hosts, limitMs } = this.#options;
    const lease = apps.leases.get(id)?.get(copy);
    const report = host === null ? undefined : apps.reports.get(id)?.get(host);
    const isIts = lease !== undefined && lease.host === host && !lease.value.free;
    // One that never took it and is not there any more does not come either.
    const isGone = !hosts.there.some((one) => one.host === host) && elapsedMs(placement.since) >= limitMs;
    return {
      lost: isIts ? apps.isSilent(lease, this.#options) : isGone,
      run: report?.copy === copy ? report.run ?? undefined : undefined,
      state: report?.copy === copy ? report.state ?? undefined : undefined,
      reason: report?.reason ?? undefined,
    };
  }
}
