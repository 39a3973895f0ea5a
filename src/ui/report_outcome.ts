import type { BoardState } from "./board_state.ts";
import { renderFailures, renderSummary, renderVerdict, type SummaryView } from "./summary.ts";

/** What the report needs of an output. */
export interface ReportOutput {
  write(text: string): Promise<void>;
  readonly isTTY: boolean;
  readonly columns: number;
  readonly color: boolean;
}

export interface ReportOptions {
  stdout: ReportOutput;
  stderr: ReportOutput;
  home: string;
  /** Only the failures. */
  quiet: boolean;
}

/** Writes how a sync ended: the table and the count on stdout, the reasons of failures on stderr. */
export async function reportOutcome(
  state: BoardState,
  { stdout, stderr, home, quiet }: ReportOptions,
): Promise<void> {
  const view = { columns: stdout.isTTY ? stdout.columns : undefined, color: stdout.color, home };
  const failures = renderFailures(state, stderr);
  const apart = !quiet && failures.length > 0;
  if (!quiet) await stdout.write(lines(renderSummary(state, view)));
  await stderr.write(lines(apart ? ["", ...failures] : failures));
  if (!quiet) await stdout.write(verdict(state, view));
}

/** What goes to stdout of a sync without failures. @param screen stdout, where that is a terminal */
export function plainOutcome(
  state: BoardState,
  { home, screen }: { home: string; screen: { columns: number; color: boolean } | undefined },
): string {
  const view = { columns: screen?.columns, color: screen?.color ?? false, home };
  return lines(renderSummary(state, view)) + verdict(state, view);
}

function verdict(state: BoardState, view: SummaryView): string {
  const text = renderVerdict(state, view);
  return lines(state.rows.length === 0 ? [text] : ["", text]);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
