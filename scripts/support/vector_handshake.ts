import { Buffer } from "node:buffer";
import { basename } from "node:path";
import { proof } from "../../src/socket/pipe_handshake.ts";
import { pipeFile } from "../../src/socket/pipe_token.ts";

/** Bytes that are told apart at a look, and come out the same each time. */
const counted = (from: number) => Buffer.from(Array.from({ length: 32 }, (_, at) => (from + at * 7) & 0xff));

const PIPES = ["haft-me-daemon", "haft-ME-x.y_z+@-", "haft-é", "Other", "haft-", `haft-${"x".repeat(181)}`];

/** The proofs of Windows' pipes, and the names of their tokens' files. */
export function handshakeVectors(): unknown {
  const challenges = { client: counted(1), server: counted(2) };
  return {
    proofs: [counted(3), counted(4)].flatMap((token) =>
      (["client", "server"] as const).map((side) => ({
        side,
        token: token.toString("hex"),
        client: challenges.client.toString("hex"),
        server: challenges.server.toString("hex"),
        proof: proof(token, side, challenges).toString("hex"),
      }))
    ),
    files: PIPES.map((name) => `\\\\.\\pipe\\${name}`).map((path) => ({
      path,
      file: basename(pipeFile("tokens", path, "token")),
    })),
  };
}
