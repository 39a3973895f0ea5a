/** vx, RFC 0034: serde's externally tagged enums, one JSON text a line; each request has one answer, in order. */
import { delimiter } from "node:path";
import process from "node:process";
import * as v from "valibot";
import { errorMessage } from "../base/errors.ts";
import type { DaemonClient } from "../client/daemon_client.ts";
import { LIMITS } from "../socket/limits.ts";
import type { Dialect, DialectPeer, DialectSession } from "./dialect.ts";

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

const EVENT_TYPES: Readonly<Record<string, string>> = {
  RuntimeInstalled: "runtime.installed",
  RuntimeRemoved: "runtime.removed",
  ConfigChanged: "config.changed",
};

/** What `runtime.resolve` answers. */
interface Resolved {
  executable: string;
  args: string[];
  version: string;
  path: string[];
  defaults: Record<string, string>;
  env: Record<string, string | null>;
}

export const vx: Dialect = {
  name: "vx",
  framing: "lines",
  maxFrameBytes: LIMITS.frame,
  open: (peer, daemon) => new VxSession(peer, daemon),
};

class VxSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: DaemonClient;

  constructor(peer: DialectPeer, daemon: DaemonClient) {
    this.#peer = peer;
    this.#daemon = daemon;
    daemon.onEvent(({ event, data }) => {
      const name = Object.keys(EVENT_TYPES).find((key) => EVENT_TYPES[key] === event);
      if (name !== undefined) peer.send({ [name]: eventData(name, data) });
    });
  }

  async message(value: unknown): Promise<void> {
    const request = v.safeParse(VxRequest, value);
    if (!request.success) return this.malformed("unknown request");
    try {
      await this.#answer(request.output);
    } catch (error) {
      this.malformed(errorMessage(error));
    }
  }

  malformed(message: string): void {
    this.#peer.send({ Error: { message } });
  }

  async #answer(request: v.InferOutput<typeof VxRequest>): Promise<void> {
    if (request === "Ping" || (typeof request === "object" && "Ping" in request)) {
      return this.#peer.send({ Pong: await this.#daemon.request("daemon.ping") });
    }
    if (request === "Shutdown" || (typeof request === "object" && "Shutdown" in request)) {
      // The answer is the end of the connection.
      await this.#daemon.request("daemon.shutdown");
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
    const resolved = await this.#daemon.request("runtime.resolve", params) as Resolved;
    if (resolved.args.length === 0) return resolved;
    throw new Error(`${runtime} is a script that ${resolved.executable} runs, which vx's answer cannot say`);
  }

  async #subscribe(names: readonly string[]): Promise<void> {
    const unknown = names.find((name) => !Object.hasOwn(EVENT_TYPES, name));
    if (unknown !== undefined) return this.malformed(`unknown event type ${unknown}`);
    const types = names.length === 0 ? Object.values(EVENT_TYPES) : names.map((name) => EVENT_TYPES[name]);
    const { subscription_id } = await this.#daemon.request("events.subscribe", { types }) as {
      subscription_id: string;
    };
    this.#peer.send({ Subscribed: { subscription_id } });
  }
}

function eventData(name: string, data: unknown): unknown {
  if (name === "ConfigChanged") return data;
  const { runtime, version } = data as { runtime: string; version: string };
  return { runtime, version };
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
