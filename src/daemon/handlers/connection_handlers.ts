import process from "node:process";
import type { Hub } from "../../hub/hub.ts";
import type { Home } from "../../protocol/hello.ts";
import { PARTS, PROTOCOL_RANGE } from "../../protocol/protocol_range.ts";
import type { connectionMethods } from "../../protocol/methods/connection_methods.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import type { Client } from "../client.ts";
import type { Handlers } from "../method_table.ts";

export interface ConnectionHandlerDeps {
  hub: Hub;
  clients: () => ReadonlyMap<string, Client>;
  version: string;
  build: string;
  home: Home;
  capabilities: readonly string[];
  /** The state that a new subscriber starts from, by event family; taken in the step that subscribes it. */
  snapshot: (types: readonly string[]) => Record<string, unknown>;
}

/** Methods about the connection itself, its subscriptions, and the other clients. */
export function connectionHandlers(deps: ConnectionHandlerDeps): Handlers<typeof connectionMethods> {
  const { hub } = deps;
  return {
    "hello": ({ client, version, protocol, capabilities }, call) => {
      const agreed = agreeOnProtocol(protocol);
      const takesParts = capabilities.includes(PARTS);
      call.client.introduce({ client, version, protocol: agreed, takesParts });
      return {
        client_id: call.client.id,
        pid: process.pid,
        ppid: process.ppid,
        version: deps.version,
        build: deps.build,
        protocol: agreed,
        epoch: hub.epoch,
        seq: hub.seq,
        capabilities: [...deps.capabilities],
        home: deps.home,
      };
    },
    "cancel": ({ id }, call) => ({ cancelled: call.client.cancel(id) }),
    "events.subscribe": ({ types, subject, since }, call) => {
      const { id, position, start } = call.client.subscribe({ types, subject }, since);
      call.onAnswered((sent) => sent ? start() : void call.client.unsubscribe(id));
      return { subscription_id: id, ...position, snapshot: deps.snapshot(types) };
    },
    "events.unsubscribe": ({ subscription_id: id }, call) => {
      if (!call.client.unsubscribe(id)) {
        throw new RequestError("not_found", `This connection has no subscription "${id}"`);
      }
      return {};
    },
    "events.publish": ({ type, subject, data }) => ({
      epoch: hub.epoch,
      seq: hub.publish(type, data ?? null, { subject }),
    }),
    "client.list": () => ({ clients: [...deps.clients().values()].map(describeClient) }),
    "client.send": ({ client_id: id, event, data }) => {
      const client = deps.clients().get(id);
      if (client === undefined) throw new RequestError("not_found", `No client "${id}" is connected`);
      client.send(event, data ?? null);
      return {};
    },
  };
}

function agreeOnProtocol([oldest, newest]: readonly [number, number]): number {
  const [ourOldest, ourNewest] = PROTOCOL_RANGE;
  const agreed = Math.min(newest, ourNewest);
  if (agreed >= Math.max(oldest, ourOldest)) return agreed;
  throw new RequestError(
    "unsupported_protocol",
    `The client speaks protocol ${oldest} to ${newest}, this daemon ${ourOldest} to ${ourNewest}`,
    { data: { protocol: PROTOCOL_RANGE } },
  );
}

function describeClient(client: Client) {
  return {
    client_id: client.id,
    name: client.name ?? null,
    version: client.version ?? null,
    protocol: client.protocol,
    connected_at: client.connectedAt,
    requests: client.requests,
    subscriptions: [...client.subscriptions].map(([id, { filter }]) => ({
      subscription_id: id,
      types: [...filter.types],
      ...(filter.subject === undefined ? {} : { subject: filter.subject }),
    })),
  };
}
