import { connectionMethods } from "./connection_methods.ts";
import { daemonMethods } from "./daemon_methods.ts";

/** Every method of the protocol. */
export const METHODS = { ...connectionMethods, ...daemonMethods } as const;

export type MethodName = keyof typeof METHODS;
