import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { HaftError, UsageError } from "../../base/errors.ts";
import { PLATFORMS } from "../platform.ts";
import { LockDocument } from "./lock_schema.ts";
import {
  emptyLockFile,
  LOCK_VERSION,
  LOCKED_PLATFORMS,
  type LockedTool,
  type LockFile,
} from "../locked_tool.ts";

const WRITE_AGAIN = 'Remove the file and run "haft sync" to write it again';

/**
 * Reads the text of a haft.lock.
 * @param path how messages name the file
 * @throws {UsageError} naming the file and the key when it is not a lock file
 * @throws {HaftError} when a newer haft wrote it
 */
export function parseLockFile(text: string, path: string): LockFile {
  if (/^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/m.test(text)) {
    throw new UsageError(`Cannot read lock file "${path}": it has merge conflict markers`, {
      next: 'Take one side, "git checkout --ours haft.lock" or --theirs, then run "haft sync": ' +
        "it adds what the other side had",
    });
  }
  // As it is after a disk was full: it pins nothing, and a sync writes it.
  if (text.trim() === "") return emptyLockFile();
  const document = readToml(text, path);
  checkVersion(document, path);
  const result = v.safeParse(LockDocument, document);
  if (!result.success) throw schemaError(result.issues[0], path);
  const tools: Record<string, LockedTool> = {};
  for (const [name, tool] of Object.entries(result.output.tools)) tools[name] = lockedTool(tool);
  return { version: LOCK_VERSION, tools };
}

function readToml(text: string, path: string): Record<string, unknown> {
  try {
    return parseToml(text.replaceAll("\r\n", "\n"));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const what = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "invalid TOML";
    throw new UsageError(`Cannot read lock file "${path}": line ${error.line}: ${what}`, {
      next: WRITE_AGAIN,
      cause: error,
    });
  }
}

function checkVersion(document: Record<string, unknown>, path: string): void {
  const { version } = document;
  if (typeof version !== "number" || version <= LOCK_VERSION) return;
  throw new HaftError(
    `Cannot read lock file "${path}": its format is version ${version}, and this haft knows up to ${LOCK_VERSION}`,
    { next: "Use the newer haft that wrote it" },
  );
}

function schemaError(issue: v.InferIssue<typeof LockDocument>, path: string): UsageError {
  const key = v.getDotPath(issue);
  const what = issue.kind === "schema" && issue.received === "undefined"
    ? "is missing"
    : issue.type === "strict_object" && issue.expected === "never"
    ? "is not known"
    : `must be ${issue.kind === "validation" || issue.type === "union" ? issue.message : issue.expected}`;
  return new UsageError(`Cannot read lock file "${path}": key "${key ?? ""}" ${what}`, { next: WRITE_AGAIN });
}

type DocumentTool = LockDocument["tools"][string];

function lockedTool(tool: DocumentTool): LockedTool {
  const locked: LockedTool = {
    request: tool.request,
    version: tool.version,
    source: tool.source,
    ...(tool.definition === undefined ? {} : { definition: tool.definition }),
    kind: tool.kind,
    platforms: {},
  };
  for (const platform of LOCKED_PLATFORMS) {
    const artifacts = tool.platforms[platform];
    if (artifacts !== undefined) locked.platforms[platform] = artifacts;
  }
  for (const platform of PLATFORMS) {
    const bin = tool.bin?.[platform];
    if (bin !== undefined) locked.bin = { ...locked.bin, [platform]: bin };
  }
  return locked;
}
