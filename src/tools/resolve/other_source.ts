import { HaftError } from "../../base/errors.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";
import { builtInCatalogue, declaredBy } from "../catalogue/catalogue.ts";
import { HttpError, type HttpErrorKind } from "../http/http_error.ts";
import type { LockedTool } from "../locked_tool.ts";
import type { ToolRequest } from "../request.ts";
import type { ResolveDeps } from "../sources/source.ts";
import { resolveTool } from "./resolve_tool.ts";
import { UnreachableSourceError } from "./unreachable_source_error.ts";

/** How long the other sources of a tool may take to answer, in milliseconds. */
const ASK_TIMEOUT_MS = 15_000;

/**
 * Resolves as {@link resolveTool} does. Where the source cannot be reached, the catalogue's other sources of
 * the tool are asked, so that the error can say which one would work; none is used without being chosen.
 *
 * @throws {UnreachableSourceError}
 */
export async function resolveOrPropose(request: ToolRequest, deps: ResolveDeps): Promise<LockedTool> {
  try {
    return await resolveTool(request, deps);
  } catch (error) {
    const failure = unreachable(error);
    if (failure === undefined || deps.signal?.aborted === true) throw error;
    const entry = request.definition?.entry ?? builtInCatalogue.entry(request.name);
    const sources = entry?.sources.map(({ source }) => source) ?? [];
    const used = request.source ?? sources[0];
    for (const source of sources.filter((one) => one !== used)) {
      const version = await versionFrom({ ...request, source }, deps);
      if (version === undefined) continue;
      const lacks = lacking(request.name, { used, other: source });
      throw new UnreachableSourceError(failure, request, { source, version, lacks });
    }
    throw used === "http" ? withMirrorHint(failure) : error;
  }
}

/** The executables of a tool's usual source that another one does not have: npm's node is without npm. */
export function lacking(
  name: string,
  { used, other }: { used: SourceName | undefined; other: SourceName },
): string[] {
  const sources = builtInCatalogue.entry(name)?.sources ?? [];
  const named = (wanted: SourceName | undefined) =>
    sources.filter(({ source }) => source === wanted).flatMap(declaredBy);
  const has = named(other);
  return has.length === 0 ? [] : named(used).filter((one) => !has.includes(one));
}

async function versionFrom(request: ToolRequest, deps: ResolveDeps): Promise<string | undefined> {
  const limit = AbortSignal.timeout(ASK_TIMEOUT_MS);
  const signal = deps.signal === undefined ? limit : AbortSignal.any([deps.signal, limit]);
  try {
    return (await resolveTool(request, { ...deps, signal })).version;
  } catch {
    deps.signal?.throwIfAborted();
    return undefined;
  }
}

/**
 * The error for a failed download of a locked tool: where its server cannot be reached and the catalogue
 * has other sources, the next step names them.
 */
export function hintAtOtherSources(
  error: unknown,
  { tool_name: tool, definition, used }: Pick<InstallConfig, "tool_name" | "definition"> & {
    used: SourceName;
  },
): unknown {
  const failure = unreachable(error);
  const entry = definition === undefined ? builtInCatalogue.entry(tool) : undefined;
  const others = (entry?.sources ?? []).filter(({ source }) => source !== used);
  if (failure === undefined || others.length === 0) return error;
  const names = others.map(({ source }) => `source = "${source}"`).join(" or ");
  const hint = `"${tool}" has another source, too: write ${names} for it in haft.toml, and haft.lock changes`;
  return new HaftError(failure.message, {
    next: failure.next === undefined ? hint : `${failure.next}\n${hint}`,
    exitCode: failure.exitCode,
    cause: failure,
  });
}

const UNREACHABLE: ReadonlySet<HttpErrorKind> = new Set([
  "dns",
  "refused",
  "tls",
  "proxy",
  "broken",
  "stalled",
]);

/** The error, when it says that a server cannot be reached, or does not let this machine in. */
function unreachable(error: unknown): HttpError | undefined {
  if (!(error instanceof HttpError)) return undefined;
  const { kind, status = 0 } = error;
  const refused = kind === "status" && (status === 403 || status === 407 || status === 429 || status >= 500);
  return UNREACHABLE.has(kind) || refused ? error : undefined;
}

function withMirrorHint(error: HttpError): HaftError {
  const hint = `A mirror is named under [mirrors] in haft.toml: "${new URL("/", error.url)}" = "https://…/"`;
  return new HaftError(error.message, {
    next: error.next === undefined ? hint : `${error.next}\n${hint}`,
    exitCode: error.exitCode,
    cause: error,
  });
}
