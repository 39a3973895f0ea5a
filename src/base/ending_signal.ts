import { ExitCode } from "./exit_code.ts";

/** Why something was aborted: this process was sent a signal that ends it. */
export class EndedBySignal extends DOMException {
  readonly signalName: NodeJS.Signals;

  constructor(signalName: NodeJS.Signals) {
    super("Interrupted", "AbortError");
    this.signalName = signalName;
  }
}

/** The exit code of a command that a signal ended, as a shell has it: 130 for Ctrl-C, 143 for SIGTERM. */
export function interruptedCode(signal: Pick<AbortSignal, "reason">): ExitCode {
  return 128 + (NUMBERS[endingSignal(signal)] ?? NUMBERS.SIGINT);
}

/** A command's exit code, where it was interrupted with the number of the signal that did. */
export function codeOf(code: ExitCode, signal: AbortSignal): ExitCode {
  return code === ExitCode.interrupted && signal.aborted ? interruptedCode(signal) : code;
}

const NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> & { SIGINT: number } = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
};

/** What a program is sent that ends with haft: the signal that haft was sent, else as by Ctrl-C. */
export function endingSignal({ reason }: Pick<AbortSignal, "reason">): NodeJS.Signals {
  return reason instanceof EndedBySignal ? reason.signalName : "SIGINT";
}
