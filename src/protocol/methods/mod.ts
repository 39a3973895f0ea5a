import { appMethods } from "./app_methods.ts";
import { backendMethods } from "./backend_methods.ts";
import { connectionMethods } from "./connection_methods.ts";
import { daemonMethods } from "./daemon_methods.ts";
import { runtimeMethods } from "./runtime_methods.ts";
import { taskMethods } from "./task_methods.ts";
import { toolMethods } from "./tool_methods.ts";

/** Every method of the protocol. */
export const METHODS = {
  ...connectionMethods,
  ...daemonMethods,
  ...runtimeMethods,
  ...toolMethods,
  ...backendMethods,
  ...appMethods,
  ...taskMethods,
} as const;

export type MethodName = keyof typeof METHODS;
