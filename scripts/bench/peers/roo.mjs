import { createRequire } from "node:module";
import { connect } from "node:net";
import { commandLine, measure } from "./measure.mjs";

// Roo-Code's packages/ipc: `serve` is a server built on node-ipc as theirs is; `call` asks for the modes,
// over a bare socket; `library` does the same with node-ipc's own client. There are no ids: answers come in
// the order of their questions.

const nodeIpc = createRequire(import.meta.url)("node-ipc");
const { role, socket, count, window } = commandLine();
const question = {
  type: "TaskCommand",
  origin: "client",
  clientId: "bench",
  data: { commandName: "GetModes" },
};

if (role === "serve") {
  const ipc = nodeIpc.default ?? nodeIpc;
  ipc.config.silent = true;
  ipc.serve(socket, () => {
    ipc.server.on("connect", (to) => {
      const data = { clientId: "0123456789ab", pid: process.pid, ppid: process.ppid };
      ipc.server.emit(to, "message", { type: "Ack", origin: "server", data });
    });
    ipc.server.on("message", ({ type, data }, to) => {
      if (type !== "TaskCommand" || data.commandName !== "GetModes") return;
      const answer = { eventName: "modesResponse", payload: [[]] };
      ipc.server.emit(to, "message", { type: "TaskEvent", origin: "server", data: answer });
    });
  });
  ipc.server.start();
} else if (role === "library") {
  const ipc = nodeIpc.default ?? nodeIpc;
  ipc.config.silent = true;
  ipc.connectTo("bench", socket, () => {
    const server = ipc.of.bench;
    const answered = inOrder();
    server.on("message", (message) => {
      if (message.type === "TaskEvent") answered.next();
      else if (message.type === "Ack") ask(() => server.emit("message", question), answered);
    });
  });
} else {
  const client = connect(socket).setEncoding("utf8");
  const frame = `${JSON.stringify({ type: "message", data: question })}\f`;
  const answered = inOrder();
  let rest = "";
  client.on("data", (text) => {
    const frames = (rest + text).split("\f");
    rest = frames.pop();
    for (const one of frames) {
      const { data } = JSON.parse(one);
      if (data.type === "TaskEvent") answered.next();
      else if (data.type === "Ack") ask(() => client.write(frame), answered);
    }
  });
}

function inOrder() {
  const waiting = [];
  return { wait: () => new Promise((resolve) => waiting.push(resolve)), next: () => waiting.shift()() };
}

function ask(send, answered) {
  void measure(() => {
    const answer = answered.wait();
    send();
    return answer;
  }, { count, window });
}
