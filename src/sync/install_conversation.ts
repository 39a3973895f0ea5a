import * as v from "valibot";
import { HaftError } from "../base/errors.ts";
import type { Message } from "../protocol/envelope.ts";
import { INSTALL_PROGRESS_EVENT, type InstallConfig, InstallProgress } from "../protocol/install.ts";

/** The part of a channel that the conversation needs. */
export interface ConversationChannel {
  send(message: Message, options?: { signal?: AbortSignal }): Promise<void>;
  recv(options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<Message>;
}

export type Completed = Extract<InstallProgress, { state: "completed" }>;

export interface ConversationOptions {
  /** Milliseconds without progress after which the child counts as hung. */
  silenceMs: number;
  signal: AbortSignal;
  onProgress(progress: InstallProgress): void;
  now?: () => number;
}

/** More messages than an honest child sends in a day at its own rate limit. */
const MOST_MESSAGES = 1_000_000;

/** The child broke the rules of the conversation. */
export class NonsenseError extends Error {
  override readonly name = "NonsenseError";
}

/** The child has sent nothing new for too long. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";
}

/**
 * Hands a child its job and listens to its progress until it says `completed`.
 * @throws {HaftError} with the child's own reason when it says `failed`
 * @throws {NonsenseError | SilenceError} see there; and what the channel throws
 */
export async function converse(
  channel: ConversationChannel,
  config: InstallConfig,
  { silenceMs, signal, onProgress, now = () => performance.now() }: ConversationOptions,
): Promise<Completed> {
  await channel.send({ type: "data", data: config }, { signal });
  let lastNews = now();
  let last = "";
  for (let count = 0; count < MOST_MESSAGES; count++) {
    const timeoutMs = silenceMs - (now() - lastNews);
    if (timeoutMs <= 0) throw new SilenceError();
    const progress = parseProgress(await channel.recv({ timeoutMs, signal }), config);
    // The same words again are no news: a download that stands still may say so twenty times a second. A step
    // without figures of its own repeats itself as a sign of life.
    const words = JSON.stringify(progress);
    if (words !== last || progress.state === "post_install") lastNews = now();
    if (words !== last) onProgress(progress);
    last = words;
    if (progress.state === "completed") return progress;
    if (progress.state === "failed") {
      throw new HaftError(progress.error, progress.next === null ? {} : { next: progress.next });
    }
  }
  throw new NonsenseError(`it sent more than ${MOST_MESSAGES} messages`);
}

function parseProgress(message: Message, config: InstallConfig): InstallProgress {
  if (message.type !== "event" || message.event !== INSTALL_PROGRESS_EVENT) {
    throw new NonsenseError(`it sent a message that is not progress (${message.event ?? message.type})`);
  }
  const result = v.safeParse(InstallProgress, message.data);
  if (!result.success) {
    const issue = result.issues[0];
    throw new NonsenseError(
      `it sent progress that haft does not understand (${v.getDotPath(issue) ?? "data"})`,
    );
  }
  const progress = result.output;
  if (progress.tool !== config.tool_name) {
    throw new NonsenseError(`it spoke of another tool, "${progress.tool}"`);
  }
  if ("version" in progress && progress.version !== config.version) {
    throw new NonsenseError(`it spoke of another version, "${progress.version}"`);
  }
  return progress;
}
