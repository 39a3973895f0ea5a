import type * as v from "valibot";

/**
 * One method as the protocol declares it: the one source of validation, `daemon.describe` and
 * docs/protocol.md.
 */
export interface MethodDefinition<
  Params extends v.GenericSchema = v.GenericSchema,
  Result extends v.GenericSchema = v.GenericSchema,
> {
  readonly summary: string;
  readonly params: Params;
  readonly result: Result;
  /** May take longer than the request time limit: it streams progress and ends when it ends. */
  readonly long?: boolean;
  /** Does nothing but wait for what others do: a daemon that stops does not wait for it in turn. */
  readonly waits?: boolean;
}

/** Gives a definition its exact type. */
export function defineMethod<const Params extends v.GenericSchema, const Result extends v.GenericSchema>(
  definition: MethodDefinition<Params, Result>,
): MethodDefinition<Params, Result> {
  return definition;
}
