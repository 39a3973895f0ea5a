import { definitionKey } from "../tools/catalogue/definition.ts";
import { lockState, withRequest } from "../tools/lockfile/lock_matches.ts";
import type { LockedTool, LockFile } from "../tools/locked_tool.ts";
import { type Platform, platformParts } from "../tools/platform.ts";
import type { ToolRequest } from "../tools/request.ts";
import { lacksPublished } from "../tools/resolve/install_config.ts";
import { asHaftError, type HaftError } from "../base/errors.ts";

/** A tool that the lock file does not answer. */
export interface Unresolved {
  request: ToolRequest;
  reason: string;
  /** The entry to add platforms to, where the version is locked but not for this platform. */
  incomplete?: LockedTool;
}

/** A tool whose request cannot be understood at all: no such tool, no such source. */
export interface Impossible {
  request: ToolRequest;
  error: HaftError;
}

/** What the lock file is worth to the project's requests. */
export interface LockPlan {
  /** By the request's name: what is locked and may be kept. */
  locked: ReadonlyMap<string, LockedTool>;
  unresolved: readonly Unresolved[];
  impossible: readonly Impossible[];
  /**
   * The tools for which the file would be written anew, each with why; empty when it says all that it should.
   */
  changes: readonly { tool: string; reason: string }[];
  /** Entries that an older haft wrote here of tools which an outer project, or the user, asks for. */
  moved: readonly string[];
}

/**
 * Compares requests with the lock file. Every request counts, also those for other systems, so that the file
 * is the same wherever it is written. Pure.
 *
 * @param outside the tools that are locked outside of the project
 */
export function planLock(
  requests: readonly ToolRequest[],
  lock: LockFile,
  platform: Platform,
  outside: ReadonlySet<string> = new Set(),
): LockPlan {
  const locked = new Map<string, LockedTool>();
  const unresolved: Unresolved[] = [];
  const impossible: Impossible[] = [];
  const changes: { tool: string; reason: string }[] = [];
  for (const request of requests) {
    const entry = Object.hasOwn(lock.tools, request.name) ? lock.tools[request.name] : undefined;
    let state: ReturnType<typeof lockState> | "absent";
    try {
      state = entry === undefined ? "absent" : lockState(request, entry);
    } catch (error) {
      impossible.push({ request, error: asHaftError(error) });
      continue;
    }
    if (entry !== undefined && (state === "same" || state === "satisfies")) {
      const kept = withRequest(entry, request);
      if (!meantForOthers(request, platform) && lacksPublished(request, kept, platform)) {
        // Written behind a mirror that lacked this platform's package; another registry may have it.
        const reason = `${entry.version} is not locked for ${platform}`;
        unresolved.push({ request, reason, incomplete: kept });
        changes.push({ tool: request.name, reason });
        continue;
      }
      locked.set(request.name, kept);
      if (state === "satisfies") {
        changes.push({
          tool: request.name,
          reason: `${request.version} is asked for instead of ${entry.request}`,
        });
      }
      continue;
    }
    const reason = entry === undefined
      ? "not in the lock file"
      : entry.definition !== definitionKey(request)
      ? "its definition in [catalogue] is another one"
      : entry.request === request.version.trim()
      ? "locked from another source"
      : `${request.version} is asked for, ${entry.version} is locked`;
    unresolved.push({ request, reason });
    changes.push({ tool: request.name, reason });
  }
  const asked = new Set(requests.map((request) => request.name));
  const unasked = Object.keys(lock.tools).filter((name) => !asked.has(name));
  for (const name of unasked) {
    if (!outside.has(name)) changes.push({ tool: name, reason: "no longer asked for" });
  }
  const moved = unasked.filter((name) => outside.has(name));
  return { locked, unresolved, impossible, changes, moved };
}

/** Requests, and the lock file that answers them. */
export interface LockedRequests {
  root: string;
  lockPath: string;
  requests: readonly ToolRequest[];
  /** What stays in the lock file although something else is installed here. */
  overridden?: readonly ToolRequest[];
  /** The tools that are locked outside of the project. */
  outside?: ReadonlySet<string>;
}

/** What a lock file is worth to all that it should answer. */
export function planLayer(
  { requests, overridden = [], outside }: LockedRequests,
  { lock, platform }: { lock: LockFile; platform: Platform },
): LockPlan {
  return planLock([...requests, ...overridden], lock, platform, outside);
}

function meantForOthers({ os }: ToolRequest, platform: Platform): boolean {
  return os !== undefined && !os.includes(platformParts(platform).os);
}
