import { createHash } from "node:crypto";
import { checkManifestFile } from "../../check/manifest_problems.ts";
import type { DeclaredTask, FoundProblem, ProjectTrust } from "../../protocol/methods/project_methods.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import { readTaskScope } from "../../tasks/read_tasks.ts";
import { parametersOf } from "../../tasks/task_arguments.ts";
import type { UserContext } from "../../tools/project/project.ts";
import type { ProjectCache } from "../../tools/project/project_cache.ts";
import { describeParts } from "../../tools/trust/describe_parts.ts";
import type { GatedParts } from "../../tools/trust/trust_store.ts";

/** What an editor may ask about a project's files, and the trust that it passes on. Nothing here runs. */
export class ProjectService {
  readonly #user: UserContext;
  readonly #projects: ProjectCache;

  constructor({ user, projects }: { user: UserContext; projects: ProjectCache }) {
    this.#user = user;
    this.#projects = projects;
  }

  check(path: string, text: string | undefined): { problems: FoundProblem[] } {
    return { problems: checkManifestFile(path, this.#user, text).problems };
  }

  /** @throws {UsageError} when a manifest is wrong */
  tasks(cwd: string): { tasks: DeclaredTask[] } {
    const found = new Map<string, DeclaredTask>();
    for (const { tasks, manifest } of readTaskScope(cwd, this.#user).projects) {
      for (const [name, config] of tasks) {
        if (found.has(name)) continue;
        found.set(name, {
          name,
          aliases: config.aliases,
          description: config.description ?? null,
          manifest,
          hidden: config.hide,
          depends: config.depends,
          confirm: config.confirm ?? null,
          parameters: parametersOf(config).map(([name, parameter]) => ({
            name,
            default: parameter.default ?? null,
            choices: parameter.choices ?? null,
            description: parameter.description ?? null,
          })),
        });
      }
    }
    return { tasks: [...found.values()] };
  }

  trust(cwd: string): ProjectTrust {
    const { gated, isTrusted } = this.#projects.open(cwd);
    return describe(gated, isTrusted);
  }

  /** @throws {RequestError} when what can run is no longer what the person was shown */
  grant(cwd: string, digest: string): ProjectTrust {
    const { gated, trust } = this.#projects.open(cwd);
    if (digestOf(gated) !== digest) {
      throw new RequestError("failed", `"${gated.path}" has changed since it was looked at`, {
        data: { next: "Look at what it can run now, and decide again" },
      });
    }
    trust.trust(gated);
    return describe(gated, trust.isTrusted(gated));
  }
}

function describe(gated: GatedParts, trusted: boolean): ProjectTrust {
  return { path: gated.path, trusted, lines: describeParts(gated.parts), digest: digestOf(gated) };
}

function digestOf({ path, parts }: GatedParts): string {
  return createHash("sha256").update(JSON.stringify([path, parts])).digest("hex");
}
