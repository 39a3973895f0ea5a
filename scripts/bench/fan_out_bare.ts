/**
 * The baseline of fan_out.ts, run under Bun: `fan_out_bare.js SOCKET EVENT`. Bare Bun sockets and nothing
 * else: whatever lines the publisher sends in one chunk, every subscriber gets as many copies of EVENT in one
 * write.
 */
import { Buffer } from "node:buffer";
import process from "node:process";

const [path = "", event = ""] = process.argv.slice(2);
const subscribers = new Set<Bun.Socket<undefined>>();
const batches = new Map<number, Buffer>();
const answer = Buffer.from('{"type":"response","id":"1","data":{}}\n');

Bun.listen<undefined>({
  unix: path,
  socket: {
    binaryType: "buffer",
    open() {},
    close: (socket) => void subscribers.delete(socket),
    error() {},
    drain() {},
    data(socket, chunk) {
      if (chunk.includes("subscribe")) {
        subscribers.add(socket);
        socket.write(answer);
        return;
      }
      let lines = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
      const batch = batchOf(lines);
      for (const subscriber of subscribers) {
        if (subscriber.write(batch) !== batch.length) throw new Error("A subscriber does not keep up");
      }
      socket.write(answer);
    },
  },
});

function batchOf(lines: number): Buffer {
  const known = batches.get(lines);
  if (known !== undefined) return known;
  const made = Buffer.from(`${event}\n`.repeat(lines));
  batches.set(lines, made);
  return made;
}
