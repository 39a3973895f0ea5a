import type * as v from "valibot";
import { appMethods } from "./app_methods.ts";
import { backendMethods } from "./backend_methods.ts";
import { connectionMethods } from "./connection_methods.ts";
import { daemonMethods } from "./daemon_methods.ts";
import { projectMethods } from "./project_methods.ts";
import { fleetMethods } from "./fleet_methods.ts";
import { runtimeMethods } from "./runtime_methods.ts";
import { taskMethods } from "./task_methods.ts";
import { toolMethods } from "./tool_methods.ts";

/** Every method of the protocol. */
export const METHODS = {
  ...connectionMethods,
  ...daemonMethods,
  ...projectMethods,
  ...runtimeMethods,
  ...toolMethods,
  ...backendMethods,
  ...appMethods,
  ...taskMethods,
  ...fleetMethods,
} as const;

export type MethodName = keyof typeof METHODS;

/** What a caller may leave out of a method's parameters is optional here. */
export type Params<M extends MethodName> = Unchanged<v.InferInput<(typeof METHODS)[M]["params"]>>;

/** A request takes its parameters as they are and changes none. */
type Unchanged<T> = T extends object ? { readonly [K in keyof T]: Unchanged<T[K]> } : T;

export type Result<M extends MethodName> = v.InferOutput<(typeof METHODS)[M]["result"]>;
