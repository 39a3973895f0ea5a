import { LocalSocketChannel } from "../../channel/mod.ts";

/**
 * Hands a message to the haft that runs a task in front, over the channel of the task's command; that haft
 * gives it to the command.
 */
export async function sayToFront(channel: string, data: unknown): Promise<void> {
  await using connection = await LocalSocketChannel.connect(channel);
  await connection.emit("say", data);
}
