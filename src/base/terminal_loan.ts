/**
 * While a program has haft's terminal, Ctrl-C is the program's: haft, which the terminal signals too, only
 * remembers it. Disposing of the loan gives Ctrl-C back to haft.
 */
export interface TerminalLoan extends Disposable {
  /** Whether Ctrl-C was pressed since the loan began. */
  readonly interrupted: boolean;
}
