import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { EVENTS } from "../protocol/events.ts";
import { METHODS } from "../protocol/methods/mod.ts";
import { RequestError } from "../protocol/wire_error.ts";

export interface ProtocolDescription {
  methods: Record<string, { summary: string; long: boolean; params: unknown; result: unknown }>;
  events: Record<string, { summary: string; data: unknown }>;
}

/**
 * Every method and event with its JSON Schema, from the very schemas that check them.
 *
 * @param only one method's name; all of them, and the events, when undefined
 * @throws {RequestError} `not_found`
 */
export function describeProtocol(only?: string): ProtocolDescription {
  if (only !== undefined && !Object.hasOwn(METHODS, only)) {
    throw new RequestError("not_found", `Unknown method "${only}"`, {
      data: { methods: Object.keys(METHODS).sort() },
    });
  }
  const methods = Object.entries(METHODS).filter(([name]) => only === undefined || name === only)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { summary, params, result, ...rest }]) =>
      [name, {
        summary,
        long: "long" in rest && rest.long === true,
        params: schema(params),
        result: schema(result),
      }] as const
    );
  const events = only === undefined
    ? Object.entries(EVENTS).map(([name, { summary, data }]) =>
      [name, { summary, data: schema(data) }] as const
    )
    : [];
  return { methods: Object.fromEntries(methods), events: Object.fromEntries(events) };
}

function schema(of: v.GenericSchema): unknown {
  const { $schema: _, ...rest } = toJsonSchema(of, { errorMode: "ignore", typeMode: "input" });
  return rest;
}
