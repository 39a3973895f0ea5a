import { HaftError, type HaftErrorOptions } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";

export type ChannelErrorKind =
  | "disconnected"
  | "timed-out"
  | "shutting-down"
  | "send-failed"
  | "receive-failed"
  | "serialization"
  | "io";

/** What an operation on a channel can reject with; `kind` tells them apart where classes do not reach. */
export abstract class ChannelError extends HaftError {
  abstract readonly kind: ChannelErrorKind;

  constructor(message: string, options: HaftErrorOptions = {}) {
    super(message, { exitCode: ExitCode.transport, ...options });
  }
}

/** The peer closed, vanished, or this side closed the channel. */
export class Disconnected extends ChannelError {
  override readonly name = "Disconnected";
  readonly kind = "disconnected";
}

/** The time that the caller allowed has passed. */
export class TimedOut extends ChannelError {
  override readonly name = "TimedOut";
  readonly kind = "timed-out";

  constructor(message: string, options: HaftErrorOptions = {}) {
    super(message, { exitCode: ExitCode.timedOut, ...options });
  }
}

/** The channel is being closed by this side and takes nothing more. */
export class ShuttingDown extends ChannelError {
  override readonly name = "ShuttingDown";
  readonly kind = "shutting-down";
}

/** The message was not accepted: too much is queued already. */
export class SendFailed extends ChannelError {
  override readonly name = "SendFailed";
  readonly kind = "send-failed";
}

/** The peer sent what the protocol does not allow. The channel is closed. */
export class ReceiveFailed extends ChannelError {
  override readonly name = "ReceiveFailed";
  readonly kind = "receive-failed";
}

/** The message has no JSON text, or one that the peer would refuse (too large); or it cannot be cloned. */
export class Serialization extends ChannelError {
  override readonly name = "Serialization";
  readonly kind = "serialization";
}

/** The operating system refused: no such socket, no permission, no descriptor left. */
export class Io extends ChannelError {
  override readonly name = "Io";
  readonly kind = "io";
}
