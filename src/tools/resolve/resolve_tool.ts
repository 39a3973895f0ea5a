import type { HttpSource, NpmSource } from "../catalogue/catalogue_schema.ts";
import { buildFor, toolOrigin } from "../catalogue/tool_source.ts";
import type { LockedTool } from "../lockfile/locked_tool.ts";
import type { ToolRequest } from "../request.ts";
import { parseVersionRequest } from "../versions/version_request.ts";
import type { ResolveDeps } from "./deps.ts";
import { httpPlatforms, httpVersion } from "./http_source.ts";
import { genericTool } from "./npm_generic.ts";
import { jsPlatforms, nativePlatforms, npmVersion } from "./npm_source.ts";

/**
 * Turns a request into a lock entry: the exact version, and for every platform what to download and what proves it, from
 * metadata alone. The answer does not depend on the platform this runs on.
 * @throws {UsageError} on an unknown tool, source or version text
 * @throws {HaftError} when no version answers the request, or an artifact comes without a strong hash
 */
export async function resolveTool(request: ToolRequest, deps: ResolveDeps): Promise<LockedTool> {
  // Wrong text must not cost a request.
  parseVersionRequest(request.version);
  const origin = toolOrigin(request);
  const found = origin.kind === "package"
    ? await genericTool(request, origin.package, deps)
    : origin.source.source === "npm"
    ? await npmTool(request, origin.source, deps)
    : await httpTool(request, origin.source, deps);
  return { request: request.version.trim(), ...found };
}

async function npmTool(
  request: ToolRequest,
  source: NpmSource,
  deps: ResolveDeps,
): Promise<Omit<LockedTool, "request">> {
  const { version, manifest } = await npmVersion(request, source.versions, deps);
  const build = buildFor(source, version);
  const platforms = build.kind === "js"
    ? await jsPlatforms(request, { package: source.versions, version, manifest }, deps)
    : await nativePlatforms(request, { source, build, version }, deps);
  return { version, source: "npm", kind: build.kind, platforms };
}

async function httpTool(
  request: ToolRequest,
  source: HttpSource,
  deps: ResolveDeps,
): Promise<Omit<LockedTool, "request">> {
  const version = await httpVersion(request, source, deps);
  return {
    version,
    source: "http",
    kind: "native",
    platforms: await httpPlatforms(request, { source, version }, deps),
  };
}
