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

const Tool = v.object({ runtime: v.string(), version: v.nullish(v.string()) });

/** A variant without fields is a bare string; serde also takes it as an object with null. */
const VxRequest = v.union([
  v.object({ Resolve: Tool }),
  v.object({ GetEnvironment: Tool }),
  v.object({ ListVersions: v.object({ runtime: v.string() }) }),
  v.object({ Subscribe: v.object({ event_types: v.optional(v.array(v.string()), []) }) }),
  v.literal("Ping"),
  v.object({ Ping: v.null() }),
  v.literal("Shutdown"),
  v.object({ Shutdown: v.null() }),
]);

const EVENT_TYPES: ReadonlyMap<string, string> = new Map([
  ["RuntimeInstalled", "runtime.installed"],
  ["RuntimeRemoved", "runtime.removed"],
  ["ConfigChanged", "config.changed"],
]);

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
    const request = v.safeParse(VxRequest, value);
    if (!request.success) return this.#complain("unknown request");
    try {
      await this.#answer(request.output);
    } catch (error) {
      this.#complain(errorMessage(error));
    }
  }

  #complain(message: string): void {
    this.#peer.send(vx.complaint(message));
  }

  async #answer(request: v.InferOutput<typeof VxRequest>): Promise<void> {
    if (request === "Ping" || (typeof request === "object" && "Ping" in request)) {
      return this.#peer.send({ Pong: await this.#daemon.request("daemon.ping", {}) });
    }
    if (request === "Shutdown" || (typeof request === "object" && "Shutdown" in request)) {
      // The answer is the end of the connection.
      await this.#daemon.request("daemon.shutdown", {});
      return;
    }
    if ("Resolve" in request) {
      const { executable, version, ...rest } = await this.#resolve(request.Resolve);
      return this.#peer.send({ Resolved: { executable, version, env: environment(rest) } });
    }
    if ("GetEnvironment" in request) {
      return this.#peer.send({
        Environment: { env: environment(await this.#resolve(request.GetEnvironment)) },
      });
    }
    if ("ListVersions" in request) {
      return this.#peer.send({
        Versions: await this.#daemon.request("runtime.versions", request.ListVersions),
      });
    }
    return await this.#subscribe(request.Subscribe.event_types);
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
