import { HaftError } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { HttpError } from "../tools/http/http_error.ts";
import { Store } from "../tools/store/store.ts";
import { sortVersions, versionSatisfies } from "../tools/versions/pick_version.ts";
import type { Resolver } from "./update_lock.ts";

/**
 * A tool that no lock pins needs its source, even where the store has a version that fits: only the source
 * knows the checksums of the other platforms. The error says so, and what the store has.
 */
export function sayWhatTheStoreHas(resolve: Resolver, { paths }: { paths: Paths }): Resolver {
  return async (request, signal, incomplete) => {
    try {
      return await resolve(request, signal, incomplete);
    } catch (error) {
      if (!(error instanceof HttpError) || error.kind !== "offline") throw error;
      const fitting = new Store(paths).list().map(({ receipt }) => receipt)
        .filter(({ tool, version }) => tool === request.name && fits(request.version, version));
      const [newest] = sortVersions(fitting.map(({ version }) => version)).toReversed();
      if (newest === undefined) throw error;
      throw new HaftError(
        `The store has ${request.name} ${newest}, but haft.lock does not pin ${request.name} = "${request.version}", ` +
          "and the checksums for it are not in the cache",
        {
          next: `Run "haft sync" once without --offline, or take over a haft.lock that pins it; until then ` +
            `"haft exec ${request.name}@${newest} -- …" runs the one in the store`,
          cause: error,
        },
      );
    }
  };
}

function fits(request: string, version: string): boolean {
  return request === "latest" || versionSatisfies(request, version);
}
