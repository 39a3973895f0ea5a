import type { DaemonClient } from "../../client/daemon_client.ts";
import type { Context } from "../command.ts";
import { connectToDaemon } from "./connection.ts";
import { daemonSocket } from "./endpoint.ts";
import { asCommandError } from "./remote_error.ts";

/** Works with a connection to the user's daemon, which it starts if need be. A refusal is exit code 4. */
export async function withDaemon<Result>(
  { socket, client: name }: { socket: string | undefined; client: string },
  context: Context,
  work: (daemon: DaemonClient) => Promise<Result>,
): Promise<Result> {
  const { client } = await connectToDaemon(
    { socket: await daemonSocket(socket, context), spawn: true, client: name },
    context,
  );
  await using daemon = client;
  try {
    return await work(daemon);
  } catch (error) {
    throw asCommandError(error);
  }
}
