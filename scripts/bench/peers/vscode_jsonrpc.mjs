import { createRequire } from "node:module";
import { createConnection, createServer } from "node:net";
import { commandLine, measure } from "./measure.mjs";

// By require, because deno.json does not know the package: the type check would miss it.
const rpc = createRequire(import.meta.url)("vscode-jsonrpc/node");
const { role, socket, count, window } = commandLine();
const over = (stream) =>
  rpc.createMessageConnection(new rpc.StreamMessageReader(stream), new rpc.StreamMessageWriter(stream));

if (role === "serve") {
  createServer((stream) => {
    const connection = over(stream);
    connection.onRequest("ping", () => ({ up: 1 }));
    connection.onError(() => {});
    connection.listen();
  }).listen(socket);
} else {
  const stream = createConnection(socket, () => {
    const connection = over(stream);
    connection.listen();
    void measure(() => connection.sendRequest("ping", {}), { count, window });
  });
}
