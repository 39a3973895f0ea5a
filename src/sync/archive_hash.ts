/** The hash behind the version of package.json's `packageManager`, as corepack writes it. */
import { Buffer } from "node:buffer";
import { HaftError } from "../base/errors.ts";
import type { LockedTool } from "../tools/locked_tool.ts";
import type { ToolRequest } from "../tools/request.ts";

/** The archive that both corepack and haft download, where they do: a package's own, of the tool's name. */
function sharedArchive(request: ToolRequest, { kind, platforms }: LockedTool): string | undefined {
  const [artifact, more] = platforms.any ?? [];
  return kind === "js" && more === undefined && artifact?.kind === "npm" && artifact.package === request.name
    ? artifact.integrity
    : undefined;
}

/** @returns the error where the hash is one of that archive, and is another */
export function wrongArchiveHash(request: ToolRequest, locked: LockedTool): HaftError | undefined {
  const { archiveHash, decidedBy } = request;
  const integrity = sharedArchive(request, locked);
  if (archiveHash === undefined || integrity === undefined) return undefined;
  const [algorithm = "", base64 = ""] = integrity.split("-");
  if (algorithm !== archiveHash.algorithm) return undefined;
  const digest = Buffer.from(base64, "base64").toString("hex");
  if (digest === archiveHash.digest.toLowerCase()) return undefined;
  const what = `${request.name} ${locked.version}`;
  return new HaftError(
    `The archive of ${what} has ${algorithm}.${digest}, but ${decidedBy.file} (${decidedBy.key}) expects ` +
      `${algorithm}.${archiveHash.digest}`,
    { next: `Do not install it; if the hash in ${decidedBy.key} is a mistake, correct it there` },
  );
}

/** What a person should know where the hash cannot be compared: it is of another archive or algorithm. */
export function uncheckedArchiveHash(request: ToolRequest, locked: LockedTool): string | undefined {
  const { archiveHash, decidedBy, name } = request;
  if (archiveHash === undefined) return undefined;
  const [algorithm] = sharedArchive(request, locked)?.split("-") ?? [];
  if (algorithm === archiveHash.algorithm) return undefined;
  const reason = algorithm === undefined
    ? "it is of another archive than haft installs"
    : `the registry gives ${algorithm} only`;
  return `The ${archiveHash.algorithm} of ${name} in ${decidedBy.file} (${decidedBy.key}) is not compared: ${reason}`;
}
