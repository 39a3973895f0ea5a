import type * as v from "valibot";
import type { MethodDefinition } from "../protocol/methods/define.ts";
import type { Client } from "./client.ts";

/** What a method knows of the request that it answers. */
export interface Call {
  readonly client: Client;
  /** Aborted by `cancel`, by the connection's end, by the time limit, and when the daemon stops. */
  readonly signal: AbortSignal;
  /** Sends an event with this request's id, before its response. */
  progress(event: string, data: unknown): void;
  /** Calls `listener` when the answer is queued on the connection, whole; `sent` is false if an error is. */
  onAnswered(listener: (sent: boolean) => void): void;
}

export type Handler<Definition extends MethodDefinition> = (
  params: v.InferOutput<Definition["params"]>,
  call: Call,
) => v.InferOutput<Definition["result"]> | Promise<v.InferOutput<Definition["result"]>>;

/** Handlers for some of the methods of a table of definitions. */
export type Handlers<Definitions extends Record<string, MethodDefinition>> = {
  readonly [Name in keyof Definitions]?: Handler<Definitions[Name]>;
};

export interface Method {
  readonly name: string;
  readonly definition: MethodDefinition;
  handle(params: unknown, call: Call): unknown;
}

/** The one flat table of what the daemon answers. */
export class MethodTable<Definitions extends Record<string, MethodDefinition>> {
  readonly #definitions: Definitions;
  readonly #methods = new Map<string, Method>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** @throws {Error} when a name is already taken, or not among the definitions */
  register(handlers: Handlers<Definitions>): void {
    for (const [name, handle] of Object.entries(handlers)) {
      const definition = this.#definitions[name];
      if (definition === undefined) throw new Error(`Method "${name}" is not declared`);
      if (this.#methods.has(name)) throw new Error(`Method "${name}" is registered twice`);
      if (handle !== undefined) this.#methods.set(name, { name, definition, handle });
    }
  }

  get(name: string): Method | undefined {
    return this.#methods.get(name);
  }

  get names(): string[] {
    return [...this.#methods.keys()].sort();
  }
}
