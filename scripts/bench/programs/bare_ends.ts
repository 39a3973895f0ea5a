/**
 * The baselines of channels.ts, without haft: messages to a worker by a bare port, and JSON lines through a
 * bare socket. What the sender has goes out together once a turn, as haft's channels do it.
 */
import { Buffer } from "node:buffer";

/** So many messages go out in one turn. */
const TURN = 256;

/** Messages a second to a worker of the program's own file, which answers when it has them all. */
export async function barePort(worker: Worker, messages: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const answers = { next: Promise.withResolvers<void>() };
  port1.onmessage = () => answers.next.resolve();
  worker.postMessage([port2], [port2]);
  await answers.next.promise;
  answers.next = Promise.withResolvers();
  const begun = performance.now();
  for (let n = 0; n < messages;) {
    const batch: number[] = [];
    for (const end = Math.min(n + TURN, messages); n < end; n++) batch.push(n);
    port1.postMessage(batch);
  }
  await answers.next.promise;
  return messages / (performance.now() - begun) * 1000;
}

/** The worker's end. */
export function barePortEnd(port: MessagePort, messages: number): void {
  let seen = 0;
  port.onmessage = ({ data }) => {
    for (const _message of data as number[]) seen++;
    if (seen === messages) port.postMessage("all");
  };
  port.postMessage("here");
}

/** Milliseconds from the first message to the last, each a line of JSON that is parsed. */
export function bareReceive(path: string, count: number): Promise<number> {
  return new Promise((resolve) => {
    let seen = 0;
    let begun = 0;
    let rest = "";
    Bun.listen<undefined>({
      unix: path,
      socket: {
        binaryType: "buffer",
        open: (socket) => void socket.write(Buffer.from("go\n")),
        data(_socket, chunk) {
          if (seen === 0) begun = performance.now();
          const text = rest + chunk.toString("utf8");
          let from = 0;
          for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
            JSON.parse(text.slice(from, end));
            from = end + 1;
            seen++;
          }
          rest = text.slice(from);
          if (seen === count) resolve(performance.now() - begun);
        },
        drain() {},
        close() {},
        error() {},
      },
    });
    console.log("listening");
  });
}

export async function bareSend(path: string, count: number): Promise<void> {
  const closed = Promise.withResolvers<void>();
  let n = 0;
  let left: Buffer | undefined;
  const go = (socket: Bun.Socket<undefined>) => {
    while (n < count || left !== undefined) {
      const bytes = left ?? nextTurn();
      const taken = socket.write(bytes);
      left = taken < bytes.length ? bytes.subarray(Math.max(0, taken)) : undefined;
      if (left !== undefined) return;
    }
  };
  const nextTurn = () => {
    let text = "";
    for (const end = Math.min(n + TURN, count); n < end; n++) {
      text += `${JSON.stringify({ type: "event", event: "data", data: n })}\n`;
    }
    return Buffer.from(text);
  };
  await Bun.connect<undefined>({
    unix: path,
    socket: {
      binaryType: "buffer",
      open() {},
      data: go,
      drain: go,
      close: () => closed.resolve(),
      error() {},
    },
  });
  await closed.promise;
}
