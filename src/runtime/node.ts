import { createServer, Socket as NetSocket } from "node:net";
import process from "node:process";
import { ignoresHangupOnLinux } from "./ignored_hangup.ts";
import { NodeSocket } from "./node_socket.ts";
import { pidLock } from "./pid_lock.ts";
import { spawnExec } from "./spawn_exec.ts";
import { spawnProgram } from "./spawn_program.ts";
import type { Listener, Runtime, Socket, SocketHandler } from "./types.ts";

/** Node runs the package for other programs, not haft itself. */
export const nodeRuntime: Runtime = {
  name: "node",
  isCompiled: false,
  hasTerminals: false,
  ignoresHangup: () => ignoresHangupOnLinux() ?? false,
  selfCommand: () => [process.execPath, ...process.argv.slice(1, 2)],
  exec: spawnExec,
  keepInherited: () => {},
  startProgram: spawnProgram,
  writeOutput,
  tryLock: pidLock,
  mapFile() {
    throw Object.assign(new Error("Node cannot map files into memory"), { code: "ENOSYS" });
  },
  collectGarbage: () => {},
  compileHotCode: () => {},
  giveBackMemory: () => {},
  // The package for other programs fetches nothing.
  fetchThrough: () => ({}),
  listenUnix,
  connectUnix,
};

function writeOutput(stream: "stdout" | "stderr", text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process[stream].write(text, (error) => error ? reject(error) : resolve());
  });
}

/** The socket exists when this returns: Node binds and listens in the call. */
function listenUnix(path: string, accept: (socket: Socket) => SocketHandler): Listener {
  const server = createServer((socket) => void new NodeSocket(socket, accept));
  // Why it does not listen comes as an event, later than this function has to answer.
  server.on("error", () => {});
  server.listen(path);
  if (!server.listening) {
    throw Object.assign(new Error(`Cannot listen at "${path}"`), { code: "EADDRINUSE" });
  }
  return { close: () => void server.close() };
}

function connectUnix(path: string, attach: (socket: Socket) => SocketHandler): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new NetSocket();
    socket.once("error", reject);
    socket.connect(path, () => {
      socket.off("error", reject);
      resolve(new NodeSocket(socket, attach));
    });
  });
}
