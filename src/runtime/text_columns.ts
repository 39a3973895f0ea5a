/**
 * The columns that a text takes in a terminal, without what only gives it colour. Bun measures by itself; the
 * library for other runtimes compiles its tables when it is loaded, which took a short command longer than
 * the question and the answer together.
 */
export const textColumns: (text: string) => number = "Bun" in globalThis
  ? (text) => Bun.stringWidth(text)
  : (await import("string-width")).default;
