/**
 * Apps over hosts on this host: it can be their controller, and runs the copies that it has the leases of.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jetstream, type JetStreamClient, jetstreamManager } from "@nats-io/jetstream";
import { errorMessage } from "../../base/errors.ts";
import type { DaemonClient } from "../../client/daemon_client.ts";
import type { FleetSettings } from "../../tools/manifest/fleet_settings.ts";
import type { UserContext } from "../../tools/project/project.ts";
import { selectsHost } from "../../tools/manifest/host_selector.ts";
import type { AccessFacts } from "../access.ts";
import type { FleetConnection, NatsConnection } from "../connect.ts";
import { Members, membersSource } from "../members.ts";
import { appsStream, appSubject, hostsBucket } from "../subjects.ts";
import { encode } from "../tasks/task_message.ts";
import { APP_LIMITS, limitsOf } from "./app_stream.ts";
import { AppsView, type SignedSpec } from "./apps_view.ts";
import { Controller } from "./controller.ts";
import { CopiesFile, type KeptCopy } from "./copies_file.ts";
import { CopyGuard } from "./copy_guard.ts";
import { type DenialFacts, unlicensed, unstartable } from "./denial.ts";
import { follow } from "./follower.ts";
import { type CopyState, HostedApp, NO_COPY, type Wanted } from "./hosted_app.ts";
import { HostsView } from "./hosts_view.ts";
import { LeaseLog } from "./lease_log.ts";

export interface HostAppsOptions {
  settings: FleetSettings;
  /** The machine and its haft, the same over restarts. */
  instance: string;
  /** Names this run of the system. */
  bootId: string;
  stateDirectory: string;
  /** This host's own public key. */
  key: () => string;
  daemon: () => Promise<DaemonClient>;
  facts: AccessFacts;
  user: UserContext;
  checkApps: DenialFacts["checkApps"];
  log: (line: string) => void;
}

/** The connection that it works with, while this host is a member. */
interface Link {
  nats: NatsConnection;
  stream: JetStreamClient;
  leases: LeaseLog;
  view: AppsView;
  hosts: HostsView;
  members: Members;
  controller: Controller;
  /** All that was said before has been heard. */
  isCaughtUp: boolean;
}

const RETRY_MS = 2_000;
/** Milliseconds between looks at the most. */
const LOOK_MS = 1_000;
/** A reason not to take an app is looked at again after so long. */
const RECONSIDER_MS = 5_000;
const REPORT_MS = 2_000;

export class HostApps {
  readonly #options: HostAppsOptions;
  readonly #file: CopiesFile;
  readonly #guard: CopyGuard;
  readonly #apps = new Map<string, HostedApp>();
  readonly #revisions: Record<string, number>;
  /** Why apps that do not run here are refused, and when that was looked at. */
  readonly #refusals = new Map<string, { revision: number; reason: string | undefined; at: number }>();
  /** What was reported last. */
  readonly #reported = new Map<string, string>();
  /** What went wrong last with an app. */
  readonly #problems = new Map<string, string>();
  #limitMs = APP_LIMITS.lostMs;
  #longestMs = APP_LIMITS.lostMs;
  #link: Link | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;
  #closed = false;

  constructor(options: HostAppsOptions) {
    this.#options = options;
    this.#file = new CopiesFile(options.stateDirectory);
    const { stateDirectory, user: { env }, log } = options;
    this.#guard = new CopyGuard({ stateDirectory, env, log });
    const { revisions, copies } = this.#file.read();
    this.#revisions = revisions;
    for (const copy of copies) {
      this.#limitMs = copy.limit_ms;
      this.#longestMs = Math.max(this.#longestMs, copy.limit_ms);
      this.#app(copy.id, copy).adopt(copy);
    }
    if (copies.length > 0) {
      this.#guarded(copies);
      this.#tick();
    }
  }

  /** Takes part until the signal, or until the connection is over. Never fails. */
  async run({ nats }: FleetConnection, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    let told = false;
    while (!signal.aborted && !nats.isClosed() && !this.#closed) {
      try {
        await this.#take(nats, signal);
      } catch (error) {
        if (!told) log(`fleet: no apps over hosts for now: ${errorMessage(error)}`);
        told = true;
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** @param options.stop ends the copies, and lets others have them; else the daemon's next life goes on */
  async close({ stop }: { stop: boolean }): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const link = this.#link;
    if (!stop) return this.#guard.leave();
    await Promise.all([...this.#apps.values()].map((app) => app.end(link?.leases)));
    this.#guard.end();
    await link?.controller.leave();
  }

  async #take(nats: NatsConnection, signal: AbortSignal): Promise<void> {
    const { settings: { name: fleet, host }, instance, log } = this.#options;
    const manager = await jetstreamManager(nats, { checkAPI: false });
    const { lostMs: limitMs, longestMs } = await limitsOf(manager, fleet);
    this.#limitMs = limitMs;
    this.#longestMs = longestMs;
    const members = await Members.open(nats, fleet);
    const stream = jetstream(nats);
    const leases = new LeaseLog({ fleet, host, stream, manager });
    const [view, hosts] = [new AppsView(log), new HostsView()];
    const controller = new Controller({
      instance,
      ...{ limitMs, longestMs },
      leases,
      apps: view,
      hosts,
      log,
    });
    const link: Link = { nats, stream, leases, view, hosts, members, controller, isCaughtUp: false };
    this.#link = link;
    this.#tick();
    const all = appSubject(fleet, { who: "*", kind: "*", id: "*" });
    await Promise.all([
      follow({
        nats,
        stream: appsStream(fleet),
        subjects: [all],
        onMessage: (message) => view.take(message),
        onCaughtUp: () => link.isCaughtUp = true,
        signal,
      }),
      follow({
        nats,
        stream: `KV_${hostsBucket(fleet)}`,
        subjects: [`$KV.${hostsBucket(fleet)}.*`],
        onMessage: (message) => hosts.take(message),
        signal,
      }),
      members.isKept
        ? follow({ nats, ...membersSource(fleet), onMessage: (message) => members.take(message), signal })
        : undefined,
    ]);
    this.#link = undefined;
  }

  /** Looks at everything, again and again, while there is something to look after. */
  #tick(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const link = this.#link;
    const isActive = [...this.#apps.values()].some((app) => app.isActive);
    for (const app of this.#apps.values()) void app.guard(link?.leases);
    if (link !== undefined && link.isCaughtUp) void this.#look(link);
    if (link === undefined && !isActive) return;
    this.#timer = setTimeout(() => this.#tick(), Math.min(LOOK_MS, this.#limitMs / 16));
  }

  async #look(link: Link): Promise<void> {
    const { controller, view } = link;
    for (const id of new Set([...view.specs.keys(), ...this.#apps.keys()])) void this.#settle(id, link);
    if (this.#isLooking) return;
    this.#isLooking = true;
    await controller.look();
    this.#isLooking = false;
  }

  async #settle(id: string, link: Link): Promise<void> {
    const { settings: { host }, log } = this.#options;
    const found = link.view.specs.get(id);
    if (found === undefined || !this.#isNewest(found)) return;
    const signed = this.#here(found);
    const lease = (copy: number) => {
      const said = link.view.leases.get(id)?.get(copy);
      return said && { ...said, term: said.value.term };
    };
    const placed = link.view.placements.get(id)?.value.copies.find((copy) => copy.host === host);
    try {
      const denied = await unlicensed(signed, this.#denials) ?? this.#occupied(signed);
      const mayRun = placed !== undefined && !signed.spec.stopped && denied === undefined &&
        (signed.spec.replicas === "all" || placed.copy < signed.spec.replicas);
      const known = this.#apps.get(id);
      if (!mayRun && known?.isActive !== true) return await this.#consider(signed, denied, link);
      const wanted: Wanted | undefined = mayRun
        ? {
          copy: placed.copy,
          run: placed.run,
          onLost: signed.spec.on_lost,
          seen: lease(placed.copy),
          hindrance: () => unstartable(signed, this.#denials),
        }
        : undefined;
      const state = await this.#app(id, signed.spec).settle(wanted, link.leases);
      if (state !== undefined) {
        await this.#report(signed, { ...state, refused: state.refused ?? denied ?? null }, link);
      }
    } catch (error) {
      const text = errorMessage(error);
      if (this.#problems.get(id) !== text) log(`fleet: app "${signed.spec.name}": ${text}`);
      this.#problems.set(id, text);
    }
  }

  /** Says whether this host would take an app, so that it is placed where it can run. */
  async #consider(signed: SignedSpec, denied: string | undefined, link: Link): Promise<void> {
    const { settings: { host, labels } } = this.#options;
    const { id, spec } = signed;
    if (!selectsHost(spec.hosts, { host, labels })) return;
    const before = this.#refusals.get(id);
    const isOld = before === undefined || before.revision !== spec.revision ||
      performance.now() - before.at > RECONSIDER_MS;
    if (!isOld) return;
    const reason = denied ?? (spec.stopped ? undefined : unstartable(signed, this.#denials));
    this.#refusals.set(id, { revision: spec.revision, reason, at: performance.now() });
    await this.#report(signed, { ...NO_COPY, refused: reason ?? null }, link);
  }

  /** Two operators can have started the app of one directory; one of them has it here. */
  #occupied({ id, spec }: SignedSpec): string | undefined {
    const other = [...this.#apps].some(([one, app]) => one !== id && app.isActive && app.isAt(spec));
    return other ? `it runs there already, for another operator's key` : undefined;
  }

  /** Publishes what has changed. */
  async #report({ id, spec: { revision } }: SignedSpec, state: CopyState, { stream }: Link): Promise<void> {
    const { name: fleet, host } = this.#options.settings;
    const text = JSON.stringify({ revision, ...state });
    if (this.#reported.get(id) === text) return;
    const subject = appSubject(fleet, { who: host, kind: "seen", id });
    await stream.publish(subject, encode({ revision, ...state, since: Date.now() }), { timeout: REPORT_MS });
    this.#reported.set(id, text);
  }

  /** With the project's directory as it is on this host. */
  #here(signed: SignedSpec): SignedSpec {
    const { root } = signed.spec;
    if (!root.startsWith("~/")) return signed;
    return { ...signed, spec: { ...signed.spec, root: join(this.#options.user.home, root.slice(2)) } };
  }

  /** A spec that was replaced by a newer one and comes again is not carried out, over restarts too. */
  #isNewest({ id, spec: { revision, name } }: SignedSpec): boolean {
    const newest = this.#revisions[id] ?? 0;
    if (revision < newest) {
      if (!this.#problems.has(id)) {
        this.#options.log(`fleet: refused: an older spec of app "${name}" came again`);
      }
      this.#problems.set(id, "");
      return false;
    }
    if (revision > newest) {
      this.#revisions[id] = revision;
      this.#save();
    }
    return true;
  }

  #app(id: string, { root, name }: { root: string; name: string }): HostedApp {
    const { instance, bootId, daemon, user, log } = this.#options;
    const known = this.#apps.get(id);
    if (known !== undefined) return known;
    const app = new HostedApp(id, { root, name }, {
      instance,
      bootId,
      limitMs: this.#limitMs,
      longestMs: this.#longestMs,
      daemon,
      env: user.env,
      log,
      changed: () => this.#save(),
    });
    this.#apps.set(id, app);
    return app;
  }

  get #denials(): DenialFacts {
    const { settings: { host, labels, allow }, key, facts, user, checkApps } = this.#options;
    const isFormer = (one: string) => this.#link?.members.isFormer(one) === true;
    return { host, labels, allow, key: key(), facts, user, isFormer, checkApps };
  }

  #save(): void {
    const copies = [...this.#apps.values()].flatMap(({ kept }) => kept ?? []);
    this.#guarded(copies);
    this.#file.write({ version: 1, revisions: this.#revisions, copies });
  }

  #guarded(copies: readonly KeptCopy[]): void {
    if (!copies.some(({ on_lost: onLost }) => onLost === "stop")) this.#guard.end();
    else if (!this.#closed) this.#guard.watch();
  }
}
