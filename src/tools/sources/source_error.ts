import { HaftError, UsageError } from "../../base/errors.ts";
import type { SourceRequest } from "./source_request.ts";
import { didYouMean, nearestNames } from "../versions/nearest.ts";
import { nearestVersions } from "../versions/nearest_versions.ts";
import { parseVersionRequest } from "../versions/version_request.ts";

/** The source was asked, and has no such version. */
export class NoSuchVersionError extends HaftError {
  override readonly name = "NoSuchVersionError";
}

/** The error for a version text that no published version answers, with the nearest ones. */
export function unknownVersion(
  request: SourceRequest,
  available: { versions: readonly string[]; distTags: Readonly<Record<string, string>> },
): HaftError {
  const text = request.version.trim();
  const isTag = parseVersionRequest(text).kind === "tag";
  const tags = Object.keys(available.distTags);
  const near = isTag ? nearestNames(text, tags) : nearestVersions(text, available.versions);
  const known = isTag && tags.length > 0 ? `It has the tags ${tags.sort().join(", ")}` : undefined;
  return new NoSuchVersionError(
    `Unknown ${isTag ? "tag" : "version"} "${text}" of tool "${request.name}" (${where(request)})`,
    optionalNext(vendorHint(request) ?? didYouMean(near) ?? known),
  );
}

/** `temurin-21`, `pypy3.10-7.3`: other managers have the builder's name in front of the version. */
function vendorHint({ name, version }: SourceRequest): string | undefined {
  const [, vendor, number] = /^([a-z][a-z_]*(?:-[a-z_]+)*)-(\d[\d.]*)/i.exec(version.trim()) ?? [];
  if (vendor === undefined || number === undefined) return undefined;
  const [major] = number.split(".");
  return name === "java"
    ? `haft does not choose among builders; write the version alone: java = "${major}" is a trimmed runtime, ` +
      `java = { version = "${major}", source = "http" } Amazon's JDK (Corretto)`
    : `haft has no builds of "${vendor}"; write the version alone: ${name} = "${number}"`;
}

/** The error for a package that the registry does not have. */
export function unknownPackage(
  request: SourceRequest,
  name: string,
  next = "Check its spelling, and that the registry in npm's configuration has it",
): UsageError {
  return new UsageError(`Unknown package "${name}" of tool "${request.name}" (${where(request)})`, { next });
}

/** The error for a version that exists without executables. */
export function nothingPublished(request: SourceRequest, version: string, source: string): HaftError {
  return new NoSuchVersionError(
    `"${request.name}" ${version} has no executables in source "${source}" for any platform (${
      where(request)
    })`,
    { next: "Choose another version" },
  );
}

/** The error for an artifact whose metadata does not prove what it is. */
export function noIntegrity(request: SourceRequest, artifact: string, given: string | undefined): HaftError {
  const reason = given === undefined || given.trim() === ""
    ? "the registry gives no integrity for it"
    : `its only integrity is ${given.trim().split("-")[0]}, which proves nothing`;
  return new HaftError(`Refused ${artifact} of tool "${request.name}": ${reason}`, {
    next: "Choose a newer version, or a registry that serves sha512 integrity",
  });
}

function where({ decidedBy }: SourceRequest): string {
  return `${decidedBy.file}: ${decidedBy.key}`;
}

function optionalNext(next: string | undefined): { next?: string } {
  return next === undefined ? {} : { next };
}

/** Whether an error is a server's 404 (or 410: unpublished), as the registry client reports it. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !("status" in error)) return false;
  return error.status === 404 || error.status === 410;
}

/** The promise's value, or undefined when the server does not have it. */
export async function orNotFound<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
