/**
 * packages/ipc for any program: a server that acknowledges its clients, and a client that knows what became
 * of its tasks. On the wire it is node-ipc's framing, with the document's spelling.
 */
export { IpcClient, type IpcClientEvents } from "./ipc_client.ts";
export { IpcServer, type IpcServerEvents } from "./ipc_server.ts";
export type { Ack, IpcMessage, IpcOrigin, TaskCommand, TaskEvent } from "./messages.ts";
