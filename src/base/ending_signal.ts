/** Why something was aborted: this process was sent a signal that ends it. */
export class EndedBySignal extends DOMException {
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super("Interrupted", "AbortError");
    this.signalName = signalName;
  }
}

/** What a program is sent that ends with haft: the signal that haft was sent, else as by Ctrl-C. */
export function endingSignal({ reason }: AbortSignal): NodeJS.Signals {
  return reason instanceof EndedBySignal ? reason.signalName : "SIGINT";
}
