import { errorCode, HaftError } from "../base/errors.ts";
import type { ProcessIdentity } from "../process/process_table.ts";
import { type AppState, isDown } from "./state/app_state.ts";

export interface PortRange {
  from: number;
  to: number;
}

/** On BSD a port of one address is free on all of them together, so each is tried. */
const ADDRESSES = ["127.0.0.1", "0.0.0.0", "::"];

/** An instance that has a port, or gets one. */
export interface PortHolder {
  readonly state: AppState;
}

/** Ports that are handed out, so that no two instances of any project get the same one. */
export class PortPool {
  readonly #ports = new Map<PortHolder, number>();

  /**
   * The first port of the range that no other instance has and no process listens on; the holder's own of
   * before where that is one. The port of an instance that is down is its own until no other is left.
   *
   * @throws {HaftError} when there is none
   */
  async take({ from, to }: PortRange, holder: PortHolder): Promise<number> {
    const before = this.#ports.get(holder);
    const range = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const others = new Set([...this.#ports].flatMap(([other, port]) => other === holder ? [] : port));
    const unused = range.filter((port) => port !== before && !others.has(port));
    const left = range.filter((port) => others.has(port));
    for (const port of [...range.filter((port) => port === before), ...unused, ...left]) {
      if (this.#isInUse(port, holder)) continue;
      // While it is tried, it is taken.
      this.#ports.set(holder, port);
      if (!await isFree(port)) continue;
      for (const [other, theirs] of this.#ports) {
        if (other !== holder && theirs === port) this.#ports.delete(other);
      }
      return port;
    }
    this.#ports.delete(holder);
    throw new HaftError(`No port from ${from} to ${to} is free`, {
      next: "Make the range of its port larger, or stop what listens there",
    });
  }

  /** A port that an instance has anyway: its manifest names it, or an earlier daemon gave it. */
  keep(port: number, holder: PortHolder): void {
    this.#ports.set(holder, port);
  }

  release(holder: PortHolder): void {
    this.#ports.delete(holder);
  }

  of(holder: PortHolder): number | undefined {
    return this.#ports.get(holder);
  }

  /** Whether another instance has the port that runs, or is about to. */
  #isInUse(port: number, holder: PortHolder): boolean {
    return [...this.#ports].some(([other, theirs]) =>
      theirs === port && other !== holder && !isDown(other.state)
    );
  }
}

/**
 * What an instance finds in `PORT`: anew for each start, while one that runs has what it has.
 *
 * @throws {HaftError} when none of its range is free
 */
export async function instancePort(
  port: PortRange | number | undefined,
  { ports, instance }: { ports: PortPool; instance: PortHolder & { process: ProcessIdentity | undefined } },
): Promise<number | undefined> {
  if (instance.process !== undefined) return ports.of(instance);
  if (port === undefined) ports.release(instance);
  if (typeof port === "number") ports.keep(port, instance);
  return typeof port === "object" ? await ports.take(port, instance) : port;
}

async function isFree(port: number): Promise<boolean> {
  for (const host of ADDRESSES) if (await isTaken(host, port)) return false;
  return true;
}

/** An address that this system does not have is not taken. */
async function isTaken(host: string, port: number): Promise<boolean> {
  const { createServer } = await import("node:net");
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(!MISSING.has(errorCode(error) ?? "")));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

const MISSING: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);
