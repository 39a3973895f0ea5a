/** Apps over hosts as an operator has them: wanted by a signed spec, and followed. */
import { headers } from "@nats-io/transport-node";
import { jetstream, JetStreamApiError } from "@nats-io/jetstream";
import { errorMessage, HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { FleetConnection } from "../connect.ts";
import { SIGNATURE_HEADER } from "../signed_request.ts";
import { Members } from "../members.ts";
import { appsStream, appSubject, hostsBucket } from "../subjects.ts";
import { encode } from "../tasks/task_message.ts";
import { appIdOf, type AppSpec, type CopyReport, type PlacedCopy, signSpec } from "./app_message.ts";
import { AppsView, type SignedSpec } from "./apps_view.ts";
import { follow } from "./follower.ts";
import { HostsView } from "./hosts_view.ts";

/** One copy, as it is seen from outside of its host. */
export interface SeenCopy {
  copy: number;
  /** Null while no host can have it. */
  host: string | null;
  /** `lost`: its host is not there; `updating`: it runs, and is to take up what was started last. */
  state: CopyReport["state"] | "lost" | "updating";
  /** Why it waits, or is in this state. */
  reason: string | null;
  pid: number | null;
}

const ACK_MS = 5_000;
const READ_MS = 15_000;

export class AppClient implements AsyncDisposable {
  readonly #connection: FleetConnection;
  readonly #fleet: string;
  readonly #view: AppsView;
  readonly #hosts = new HostsView();
  readonly #members: Members;
  readonly #stop = new AbortController();
  #following: Promise<unknown> = Promise.resolve();

  private constructor(
    connection: FleetConnection,
    fleet: string,
    { members, log }: { members: Members; log: (line: string) => void },
  ) {
    this.#members = members;
    this.#connection = connection;
    this.#fleet = fleet;
    this.#view = new AppsView(log);
  }

  /** Reads all that is known, and follows it. @throws {HaftError} when the server keeps nothing of apps */
  static async open(
    connection: FleetConnection,
    fleet: string,
    log: (line: string) => void = () => {},
  ): Promise<AppClient> {
    const members = await Members.open(connection.nats, fleet);
    const client = new AppClient(connection, fleet, { members, log });
    await client.#begin();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** The own key's app, and those of other keys that have its project and name. */
  specs(
    { root, name }: { root: string; name: string },
  ): { own: SignedSpec | undefined; others: SignedSpec[] } {
    const key = this.#connection.credentials.key.publicKey;
    const same = [...this.#view.specs.values()].filter(({ spec }) =>
      spec.root === root && spec.name === name
    );
    return {
      own: same.find(({ sender }) => sender === key),
      others: same.filter((one) => one.sender !== key && this.#isTaken(one)),
    };
  }

  /** Whether a host takes it besides the operator's own, which needs no grant: else it is only claimed. */
  #isTaken({ id, sender }: SignedSpec): boolean {
    if (this.#members.isFormer(sender)) return false;
    const own = this.#members.hostOf(sender);
    const reports = [...this.#view.reports.get(id) ?? []];
    return reports.some(([host, { refused }]) => host !== own && refused === null);
  }

  /** Says what is wanted, over what was wanted before. @throws {HaftError} */
  async want(spec: AppSpec): Promise<string> {
    const { credentials: { key }, nats } = this.#connection;
    const id = appIdOf({ key: key.publicKey, ...spec });
    const subject = appSubject(this.#fleet, { who: key.publicKey, kind: "spec", id });
    const text = encode(spec);
    const header = headers();
    header.set(SIGNATURE_HEADER, signSpec(key, subject, text));
    try {
      await jetstream(nats).publish(subject, text, { headers: header, timeout: ACK_MS });
    } catch (error) {
      const isRefused = error instanceof JetStreamApiError;
      throw new HaftError(`The fleet's server did not take app "${spec.name}": ${errorMessage(error)}`, {
        next: NEEDS_UP,
        exitCode: isRefused ? ExitCode.remote : ExitCode.transport,
        cause: error,
      });
    }
    return id;
  }

  /**
   * The hosts' copies of an app, in the order of their numbers; undefined until a controller has answered.
   */
  copies({ id, spec }: SignedSpec): SeenCopy[] | undefined {
    const placement = this.#view.placements.get(id)?.value;
    if (placement === undefined || placement.revision < spec.revision) return undefined;
    return placement.copies.map((placed) => this.#seen(id, placed));
  }

  /** Hosts that still have a copy of it. */
  holders(id: string): string[] {
    const leases = [...this.#view.leases.get(id)?.values() ?? []];
    return leases.filter(({ value }) => !value.free).map(({ host }) => host);
  }

  isThere(host: string): boolean {
    return this.#hosts.there.some((one) => one.host === host);
  }

  #seen(id: string, { copy, host, run, why }: PlacedCopy): SeenCopy {
    if (host === null) return { copy, host, state: "waiting", reason: why, pid: null };
    const report = this.#view.reports.get(id)?.get(host);
    if (!this.isThere(host)) return { copy, host, state: "lost", reason: "its host is not there", pid: null };
    if (report?.refused !== null && report !== undefined) {
      return {
        copy,
        host,
        state: "waiting",
        reason: `${host} does not take it: ${report.refused}`,
        pid: null,
      };
    }
    if (report?.copy !== copy) return { copy, host, state: "waiting", reason: why, pid: null };
    const { state, reason, pid } = report;
    if (why !== null) return { copy, host, state: "updating", reason: why, pid };
    return { copy, host, state: report.run === run ? state : "updating", reason, pid };
  }

  async #begin(): Promise<void> {
    const { nats } = this.#connection;
    const { signal } = this.#stop;
    const first = Promise.withResolvers<void>();
    const hosts = Promise.withResolvers<void>();
    this.#following = Promise.all([
      follow({
        nats,
        stream: appsStream(this.#fleet),
        subjects: [appSubject(this.#fleet, { who: "*", kind: "*", id: "*" })],
        onMessage: (message) => this.#view.take(message),
        onCaughtUp: () => first.resolve(),
        signal,
      }),
      follow({
        nats,
        stream: `KV_${hostsBucket(this.#fleet)}`,
        subjects: [`$KV.${hostsBucket(this.#fleet)}.*`],
        onMessage: (message) => this.#hosts.take(message),
        onCaughtUp: () => hosts.resolve(),
        signal,
      }),
    ]);
    const late = AbortSignal.timeout(READ_MS);
    late.addEventListener("abort", () => first.reject(new Error("no answer")), { once: true });
    try {
      await Promise.all([first.promise, hosts.promise]);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw new HaftError(`The apps of fleet "${this.#fleet}" cannot be read: ${errorMessage(error)}`, {
        next: NEEDS_UP,
        exitCode: ExitCode.remote,
        cause: error,
      });
    }
  }
}

const NEEDS_UP =
  'Look whether the server runs; after an update of haft, run "haft fleet up" on its machine once more';
