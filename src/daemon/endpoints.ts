import { errorMessage } from "../base/errors.ts";
import type { EndpointListener } from "../socket/mod.ts";

export interface EndpointsOptions {
  log: (line: string) => void;
}

/** One place to listen at. */
export interface EndpointPlan {
  /** Listens; called again when its file or directory was removed. */
  open: () => Promise<PlacedListener>;
  /** It listens at another place than before, or at the same one anew. */
  onPlaced?: (path: string) => void;
}

export interface PlacedListener extends EndpointListener {
  readonly path: string;
}

interface Endpoint {
  plan: EndpointPlan;
  listener: PlacedListener;
  opening: boolean;
  /** What kept it from listening again; said once. */
  problem: string | undefined;
}

/**
 * Where the daemon listens. A cleaner of temporary files, or the end of a login session, removes sockets of
 * programs that go on; so each place is looked at again and again, and a lost one is made anew.
 */
export class Endpoints {
  readonly #log: (line: string) => void;
  readonly #endpoints: Endpoint[] = [];
  #closed = false;

  constructor({ log }: EndpointsOptions) {
    this.#log = log;
  }

  async add(plan: EndpointPlan): Promise<void> {
    const listener = await plan.open();
    this.#endpoints.push({ plan, listener, opening: false, problem: undefined });
    plan.onPlaced?.(listener.path);
  }

  get paths(): string[] {
    return this.#endpoints.map(({ listener }) => listener.path);
  }

  /** Listens anew where it is needed. */
  check(): void {
    for (const endpoint of this.#endpoints) {
      if (!endpoint.opening && !endpoint.listener.isInPlace()) void this.#reopen(endpoint);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { listener } of this.#endpoints.splice(0)) listener.close();
  }

  async #reopen(endpoint: Endpoint): Promise<void> {
    const { plan, listener } = endpoint;
    endpoint.opening = true;
    try {
      listener.close();
      endpoint.listener = await plan.open();
      if (this.#closed) return endpoint.listener.close();
      endpoint.problem = undefined;
      this.#log(`the socket "${listener.path}" was removed: listens at "${endpoint.listener.path}" again`);
      plan.onPlaced?.(endpoint.listener.path);
    } catch (error) {
      const problem = errorMessage(error);
      if (problem !== endpoint.problem) {
        this.#log(`the socket "${listener.path}" was removed, and cannot be made anew yet: ${problem}`);
      }
      endpoint.problem = problem;
    } finally {
      endpoint.opening = false;
    }
  }
}
