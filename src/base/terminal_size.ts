/** Fewer hold no word: the size of such a pseudo terminal was never set, or to what lay in memory. */
const LEAST_COLUMNS = 10;

/** The columns of a terminal; 80 where it has none to tell. */
export function terminalColumns(columns: number | undefined): number {
  return columns !== undefined && columns >= LEAST_COLUMNS ? columns : 80;
}

/** The rows of a terminal; 24 where it has none to tell: a pseudo terminal says 0 until its size is set. */
export function terminalRows(rows: number | undefined): number {
  return rows === undefined || rows === 0 ? 24 : rows;
}
