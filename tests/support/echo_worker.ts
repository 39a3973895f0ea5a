/** Gets one port, answers `echo` on it, and sends every other message back. */
import { PortChannel } from "../../src/channel/kinds/port_channel.ts";
import { serveRequests } from "../../src/channel/serve_requests.ts";

self.addEventListener("message", (event) => {
  const channel = new PortChannel("worker", (event as MessageEvent<MessagePort>).data);
  serveRequests(
    channel,
    new Map([["echo", (data: unknown) => data]]),
    (message) => void channel.send(message),
  );
}, { once: true });
