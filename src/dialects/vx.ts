/**
 * vx, RFC 0034: serde's externally tagged enums, one JSON text a line; each request has one answer, in order.
 */
import { delimiter } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { cutText } from "../base/cut_text.ts";
import { errorMessage } from "../base/errors.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import type { Result } from "../protocol/methods/mod.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Daemon, Dialect, DialectPeer, DialectSession } from "./dialect.ts";
import { readVariant, type Variant } from "./serde_enum.ts";

const Tool = v.object({ runtime: v.string(), version: v.nullish(v.string()) });

const Versions = v.object({ runtime: v.string() });
const Subscription = v.object({ event_types: v.optional(v.array(v.string()), []) });

const EVENT_TYPES: ReadonlyMap<string, string> = new Map([
  ["RuntimeInstalled", "runtime.installed"],
  ["RuntimeRemoved", "runtime.removed"],
  ["ConfigChanged", "config.changed"],
]);

const UNKNOWN = "unknown request";

type Resolved = Result<"runtime.resolve">;

export const vx: Dialect = {
  name: "vx",
  framing: "lines",
  maxFrameBytes: LIMITS.frame,
  mayStaySilent: false,
  open: (peer, daemon) => new VxSession(peer, daemon),
  complaint: (message) => ({ Error: { message } }),
};

class VxSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: Daemon;

  constructor(peer: DialectPeer, daemon: Daemon) {
    this.#peer = peer;
    this.#daemon = daemon;
  }

  heard(event: DaemonEvent): void {
    const told = vxEvent(event);
    if (told !== undefined) this.#peer.send(told);
  }

  async message(value: unknown): Promise<void> {
    try {
      await this.#answer(readVariant(value));
    } catch (error) {
      this.#complain(errorMessage(error));
    }
  }

  #complain(message: string): void {
    this.#peer.send(vx.complaint(message));
  }

  async #answer(request: Variant | undefined): Promise<void> {
    switch (request?.name) {
      case "Ping":
        read(v.null(), request);
        return this.#peer.send({ Pong: await this.#daemon.request("daemon.ping", {}) });
      case "Shutdown":
        read(v.null(), request);
        // The answer is the end of the connection.
        await this.#daemon.request("daemon.shutdown", {});
        return;
      case "Resolve": {
        const { executable, version, ...rest } = await this.#resolve(read(Tool, request));
        return this.#peer.send({ Resolved: { executable, version, env: environment(rest) } });
      }
      case "GetEnvironment":
        return this.#peer.send({
          Environment: { env: environment(await this.#resolve(read(Tool, request))) },
        });
      case "ListVersions":
        return this.#peer.send({
          Versions: await this.#daemon.request("runtime.versions", read(Versions, request)),
        });
      case "Subscribe":
        return await this.#subscribe(read(Subscription, request).event_types);
      default:
        throw new Error(UNKNOWN);
    }
  }

  async #resolve({ runtime, version }: v.InferOutput<typeof Tool>): Promise<Resolved> {
    const params = { runtime, ...(version === null || version === undefined ? {} : { version }) };
    const resolved = await this.#daemon.request("runtime.resolve", params);
    if (resolved.args.length === 0) return resolved;
    throw new Error(`${runtime} is a script that ${resolved.executable} runs, which vx's answer cannot say`);
  }

  async #subscribe(names: readonly string[]): Promise<void> {
    const types = names.length === 0 ? [...EVENT_TYPES.values()] : names.map((name) => {
      const type = EVENT_TYPES.get(name);
      if (type === undefined) throw new Error(`unknown event type ${cutText(name)}`);
      return type;
    });
    const { subscription_id } = await this.#daemon.request("events.subscribe", { types });
    this.#peer.send({ Subscribed: { subscription_id } });
  }
}

/** @throws when the variant's fields are others */
function read<T>(schema: v.GenericSchema<unknown, T>, { fields }: Variant): T {
  const read = v.safeParse(schema, fields, { abortEarly: true });
  if (!read.success) throw new Error(UNKNOWN);
  return read.output;
}

function vxEvent({ event, data }: DaemonEvent): unknown {
  switch (event) {
    case "runtime.installed":
      return { RuntimeInstalled: { runtime: data.runtime, version: data.version } };
    case "runtime.removed":
      return { RuntimeRemoved: { runtime: data.runtime, version: data.version } };
    case "config.changed":
      return { ConfigChanged: { path: data.path } };
    default:
      return undefined;
  }
}

/** All variables of the tool, PATH included: the peer sets them as they are. */
function environment({ path, defaults, env }: Pick<Resolved, "path" | "defaults" | "env">) {
  const variables: Record<string, string> = { ...defaults };
  for (const [name, value] of Object.entries(env)) {
    if (value !== null) variables[name] = value;
  }
  variables["PATH"] = [...path, process.env["PATH"] ?? ""].filter((part) => part !== "").join(delimiter);
  return variables;
}
