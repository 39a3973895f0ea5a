/**
 * Channels between processes, and inside one: the same interface over every transport.
 *
 * ```ts
 * const server = await LocalSocketServer.listen("example");
 * const channel = await server.accept({ timeoutMs: 5_000 });
 * await channel.emit("hello", { n: 1 });
 * ```
 *
 * Shared memory channels are in kinds/shared_memory_channel.ts: they need the runtime's own parts, and these
 * here run wherever `node:*` does.
 */
export type { IpcChannel, Message, ReceiveOptions, SendOptions } from "./ipc_channel.ts";
export { type ConnectOptions, LocalSocketChannel } from "./local_socket_channel.ts";
export { type ListenOptions, LocalSocketServer } from "./local_socket_server.ts";
export type { ChannelMetricsSnapshot } from "./channel_metrics.ts";
export type { RequestOptions } from "./pending_requests.ts";
export { serveRequests } from "./serve_requests.ts";
export { type Drain, ShutdownState } from "./shutdown_state.ts";
export { type ChannelMode, createChannel, detectMode } from "./create_channel.ts";
export { PortChannel } from "./kinds/port_channel.ts";
export { StdioChannel, type StdioOptions } from "./kinds/stdio_channel.ts";
export { Waker, type WakerOptions } from "./waker.ts";
export { ThreadChannel } from "./kinds/thread_channel.ts";
export {
  ChannelError,
  type ChannelErrorKind,
  Disconnected,
  Io,
  ReceiveFailed,
  SendFailed,
  Serialization,
  ShuttingDown,
  TimedOut,
} from "./errors.ts";
