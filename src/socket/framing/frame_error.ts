/**
 * What arrived (or was to be sent) is not a frame that the protocol allows. The connection cannot go on after
 * it: where the next frame begins is no longer known, or the peer is not one to trust.
 */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly kind:
    | "too-large"
    | "too-deep"
    | "too-many-keys"
    | "forbidden-key"
    | "not-utf8"
    | "not-json"
    | "not-a-message"
    | "wrong-part";

  constructor(kind: FrameError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
