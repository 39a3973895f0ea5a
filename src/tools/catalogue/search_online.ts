import { errorMessage } from "../../base/errors.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import type { FoundTool, SearchDeps } from "../sources/source.ts";
import { allSources } from "../sources/sources.ts";

/** How long one registry may take, in milliseconds. */
const TIMEOUT_MS = 20_000;

export interface OnlineSearch {
  found: (FoundTool & { source: SourceName })[];
  /** The registries that did not answer, and why. */
  failed: { source: SourceName; reason: string }[];
}

/** Asks every source that can be searched, all at once; what one fails to answer the others still do. */
export async function searchOnline(text: string, deps: SearchDeps): Promise<OnlineSearch> {
  const result: OnlineSearch = { found: [], failed: [] };
  const answers = await Promise.all(
    allSources().map(async ({ name: source, search }) => {
      if (search === undefined) return [];
      const limit = AbortSignal.timeout(TIMEOUT_MS);
      const signal = deps.signal === undefined ? limit : AbortSignal.any([deps.signal, limit]);
      try {
        return (await search(text, { ...deps, signal })).map((one) => ({ ...one, source }));
      } catch (error) {
        deps.signal?.throwIfAborted();
        const reason = limit.aborted
          ? `no answer in ${TIMEOUT_MS / 1000} seconds`
          : errorMessage(error).split("\n")[0] ?? "";
        result.failed.push({ source, reason });
        return [];
      }
    }),
  );
  result.found = answers.flat();
  return result;
}
