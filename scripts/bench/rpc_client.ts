/**
 * The client's end of rpc.ts, run under Bun: `rpc_client.js MODE SOCKET COUNT`. Prints one line of JSON.
 *
 * - `client`: {@link DaemonClient}, one request after the other
 * - `client-window`: the same with 256 requests in flight
 * - `socket`: haft's socket and framing with a message made once, as a program would that has nothing else to
 *   do
 * - `socket-window`: the same with 256 messages in flight
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { DaemonClient } from "../../src/client/daemon_client.ts";
import { FrameDecoder } from "../../src/socket/framing/frame_decoder.ts";
import { decodeJson } from "../../src/socket/framing/json_text.ts";
import { connect, type Socket } from "../../src/socket/mod.ts";
import { quantile } from "./support.ts";

const [mode = "", socket = "", counted = ""] = process.argv.slice(2);
const count = Number(counted);

async function withClient(window: number): Promise<void> {
  await using client = await DaemonClient.connect({ client: "bench", version: "0", socket });
  const times: number[] = [];
  let left = count;
  const begun = performance.now();
  await Promise.all(Array.from({ length: window }, async () => {
    while (left-- > 0) {
      const started = performance.now();
      await client.request("daemon.ping", {});
      times.push((performance.now() - started) * 1000);
    }
  }));
  report(times, begun);
}

async function withSocket(window: number): Promise<void> {
  const request = frame('{"type":"request","id":"1","method":"daemon.ping"}');
  const batch = Buffer.concat(Array.from({ length: window }, () => request));
  const decoder = new FrameDecoder({ framing: "length" });
  const times: number[] = [];
  let native: Socket | undefined;
  let sent = window;
  let answered = 0;
  let started = 0;
  const begun = performance.now();
  await new Promise<void>((resolve, reject) => {
    const send = (n: number) => {
      started = performance.now();
      if (native?.write(batch.subarray(0, n * request.length)) === false) {
        reject(new Error("The daemon does not read"));
      }
    };
    connect(socket, () => ({
      data(chunk) {
        let came = 0;
        decoder.push(chunk, (bytes, start, end) => {
          decodeJson(bytes, start, end);
          came++;
        });
        answered += came;
        if (window === 1) times.push((performance.now() - started) * 1000);
        const more = Math.min(came, count - sent);
        sent += more;
        if (more > 0) send(more);
        if (answered >= count) resolve();
      },
      drain() {},
      close: () => reject(new Error("The daemon closed the connection")),
    })).then((connected) => {
      native = connected;
      send(window);
    }, reject);
  });
  report(times, begun);
  process.exit(0);
}

function frame(json: string): Buffer {
  const bytes = Buffer.alloc(4 + json.length, `    ${json}`);
  bytes.writeUInt32LE(json.length);
  return bytes;
}

function report(times: readonly number[], begun: number): void {
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    JSON.stringify({ p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: count / seconds }),
  );
}

if (mode === "client") await withClient(1);
else if (mode === "client-window") await withClient(256);
else if (mode === "socket") await withSocket(1);
else if (mode === "socket-window") await withSocket(256);
else throw new RangeError(`Unknown mode "${mode}"`);
