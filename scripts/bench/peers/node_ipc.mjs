import { createRequire } from "node:module";
import { commandLine, measure } from "./measure.mjs";

// By require, because deno.json does not know the package: the type check would miss it.
const nodeIpc = createRequire(import.meta.url)("node-ipc");
const { role, socket, count, window } = commandLine();
const ipc = nodeIpc.default ?? nodeIpc;
ipc.config.silent = true;
ipc.config.id = "bench";

if (role === "serve") {
  ipc.serve(
    socket,
    () => ipc.server.on("ping", (data, to) => ipc.server.emit(to, "pong", { id: data.id, up: 1 })),
  );
  ipc.server.start();
} else {
  // node-ipc has events and no answers, so the ids are ours.
  const waiting = new Map();
  let next = 1;
  ipc.connectTo("bench", socket, () => {
    const server = ipc.of.bench;
    server.on("pong", ({ id, up }) => {
      waiting.get(id)(up);
      waiting.delete(id);
    });
    server.on("connect", () =>
      measure(() =>
        new Promise((resolve) => {
          const id = `${next++}`;
          waiting.set(id, resolve);
          server.emit("ping", { id });
        }), { count, window }));
  });
}
