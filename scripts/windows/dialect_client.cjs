// A client of another system, run by Windows' Node: it knows a pipe's name and that system's bytes.
//
//     dialect_client.cjs PIPE FRAMING UNTIL [MESSAGE...]   sends the messages, prints what comes; ends with 0 once UNTIL came,
//                                                          with 1 when the other side closes first
//
// FRAMING is length (u32, little-endian), lines, form-feed, or raw (the messages are bytes in hex).
const { connect } = require("node:net");

const [pipe, framing, until, ...messages] = process.argv.slice(2);
const frame = (text) => {
  if (framing === "raw") return Buffer.from(text, "hex");
  const bytes = Buffer.from(framing === "length" ? text : text + (framing === "lines" ? "\n" : "\f"));
  if (framing !== "length") return bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
};

let received = "";
const socket = connect(pipe);
socket.on("error", (error) => console.log(`error: ${error.code}`));
socket.on("connect", () => messages.forEach((message) => socket.write(frame(message))));
socket.on("data", (chunk) => {
  received += chunk.toString("latin1");
  if (!received.includes(until)) return;
  console.log(received);
  process.exit(0);
});
socket.on("close", () => {
  console.log(`closed after: ${received}`);
  process.exit(1);
});
