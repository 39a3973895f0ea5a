/**
 * `ask_daemon SOCKET` connects, asks `daemon.ping`, prints the answer and ends: the least that `haft
 * ipc-send` could cost.
 */
import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import process from "node:process";

const REQUEST = '{"type":"request","id":"1","method":"daemon.ping"}\n';
let text = "";

await Bun.connect({
  unix: process.argv[2] ?? "",
  socket: {
    binaryType: "buffer",
    open: (socket) => void socket.write(Buffer.from(REQUEST)),
    data(_socket, chunk) {
      text += chunk.toString();
      if (!text.endsWith("\n")) return;
      const { data } = JSON.parse(text);
      writeSync(1, `${JSON.stringify(data)}\n`);
      process.exit(0);
    },
    drain() {},
    close() {},
    error() {},
  },
});
