import type { AppLogLine } from "../../protocol/methods/app_methods.ts";

/** What one message takes: each line has seven keys of 10,000, and a character three bytes at most. */
const PAGE = { lines: 1_400, characters: 256 * 1024 };
/** Characters of all pages together: what a connection may have waiting for its reader. */
const MOST_CHARACTERS = 6 * 1024 * 1024;

/** Lines in as many messages as they take, oldest first; the last page is the fullest. */
export function logPages(lines: readonly AppLogLine[]): AppLogLine[][] {
  const pages: AppLogLine[][] = [];
  let all = 0;
  let characters = 0;
  for (const line of lines.toReversed()) {
    const size = JSON.stringify(line).length;
    all += size;
    if (all > MOST_CHARACTERS) break;
    const page = pages.at(-1);
    if (page === undefined || page.length === PAGE.lines || characters + size > PAGE.characters) {
      pages.push([line]);
      characters = size;
    } else {
      page.push(line);
      characters += size;
    }
  }
  return pages.toReversed().map((page) => page.toReversed());
}
