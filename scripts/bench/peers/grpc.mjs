import { createRequire } from "node:module";
import { commandLine, measure } from "./measure.mjs";

// By require, because deno.json does not know the package: the type check would miss it.
const grpc = createRequire(import.meta.url)("@grpc/grpc-js");
const { role, socket, count, window } = commandLine();
const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(bytes.toString());
const service = {
  ping: {
    path: "/bench/ping",
    requestStream: false,
    responseStream: false,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  },
};

if (role === "serve") {
  const server = new grpc.Server();
  server.addService(service, { ping: (_, answer) => answer(null, { up: 1 }) });
  server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
  });
} else {
  const Client = grpc.makeGenericClientConstructor(service, "bench");
  const client = new Client(`unix:${socket}`, grpc.credentials.createInsecure());
  const ask = () =>
    new Promise((resolve, reject) =>
      client.ping({}, (error, value) => error ? reject(error) : resolve(value))
    );
  await measure(ask, { count, window });
}
