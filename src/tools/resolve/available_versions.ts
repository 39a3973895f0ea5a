import { toolOrigin } from "../catalogue/tool_source.ts";
import type { ToolRequest } from "../request.ts";
import { sortVersions } from "../versions/pick_version.ts";
import { requestOptions, type ResolveDeps } from "./deps.ts";
import { fetchIndex } from "./http_source.ts";
import { orNotFound } from "./not_found.ts";
import { unknownPackage } from "./version_error.ts";

/**
 * Every version that a tool's source offers, oldest first.
 *
 * @throws {UsageError} on an unknown tool
 * @throws {HaftError} when the source cannot be asked
 */
export async function availableVersions(request: ToolRequest, deps: ResolveDeps): Promise<string[]> {
  const origin = toolOrigin(request);
  if (origin.kind === "package") return await packageVersions(request, origin.package, deps);
  const { source } = origin;
  if (source.source === "npm") return await packageVersions(request, source.versions, deps);
  return (await fetchIndex(source, deps)).versions;
}

async function packageVersions(request: ToolRequest, name: string, deps: ResolveDeps): Promise<string[]> {
  const packument = await orNotFound(deps.registry.packument(name, requestOptions(deps)));
  if (packument === undefined) throw unknownPackage(request, name);
  return sortVersions(packument.versions);
}
