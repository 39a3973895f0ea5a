/** A peer that writes what it likes: `node:net`, with the handshake by hand where the endpoint is a pipe. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { connect, type Socket as NetSocket } from "node:net";
import { homedir } from "node:os";
import process from "node:process";
import { pipeTokens } from "../../src/base/paths.ts";
import { CHALLENGE_BYTES, PREAMBLE, proof, REPLY_BYTES } from "../../src/socket/pipe_handshake.ts";
import { pipeFile, pipeToken } from "../../src/socket/pipe_token.ts";

/** A connected socket on which nothing has been read or written that belongs to the conversation. */
export async function rawConnect(path: string): Promise<NetSocket> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  if (process.platform === "win32") await proveBoth(socket, usualToken(path));
  return socket;
}

/** The client's half of the handshake. */
export async function proveBoth(socket: NetSocket, token: Uint8Array): Promise<void> {
  const client = randomBytes(CHALLENGE_BYTES);
  socket.write(Buffer.concat([PREAMBLE, client]));
  const reply = await readExactly(socket, REPLY_BYTES);
  socket.write(proof(token, "client", { client, server: reply.subarray(0, CHALLENGE_BYTES) }));
}

/** The next bytes; what came with them stays in the socket. Rejects when the peer closes before. */
export function readExactly(socket: NetSocket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const bytes: Buffer | null = socket.read(count);
      if (bytes === null || bytes.length < count) return;
      stop();
      resolve(bytes);
    };
    const ended = () => {
      stop();
      reject(new Error(`The peer closed before it had sent ${count} bytes`));
    };
    const stop = () => {
      socket.off("readable", look);
      socket.off("close", ended);
      socket.off("error", ended);
    };
    socket.on("readable", look);
    socket.on("close", ended);
    socket.on("error", ended);
    look();
  });
}

function usualToken(path: string): Buffer {
  return pipeToken(pipeFile(pipeTokens({ env: process.env, home: homedir() }), path, "token"));
}
