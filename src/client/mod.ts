/**
 * The typed client of the daemon.
 *
 * ```ts
 * await using daemon = await DaemonClient.connect({ client: "example", version: "1.0.0" });
 * const { executable } = await daemon.request("runtime.resolve", { runtime: "node", cwd });
 * ```
 */
export { type ConnectOptions, DaemonClient } from "./daemon_client.ts";
export type { Ack } from "../protocol/hello.ts";
export type { Message } from "../protocol/envelope.ts";
export { ERROR_CODES, type ErrorName, RequestError } from "../protocol/wire_error.ts";
export { type MethodName, METHODS, type Params, type Result } from "../protocol/methods/mod.ts";
export { type DaemonEvent, type EventName, EVENTS } from "../protocol/events.ts";
