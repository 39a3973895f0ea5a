import { compare, parse } from "@std/semver";
import { builtInCatalogue } from "../../tools/catalogue/catalogue.ts";
import { choiceNote } from "../../tools/project/installed_tools.ts";
import type { Project, UserContext } from "../../tools/project/project.ts";
import type { ProjectCache } from "../../tools/project/project_cache.ts";
import { planRun, rememberRun, withTarget } from "../../tools/project/run_plan.ts";
import { APPLIED } from "../../tools/project/applied_variables.ts";
import { withLead } from "../../tools/shims/lead.ts";
import { defaultVariables, executableDirectories } from "../../tools/project/tool_environment.ts";
import { storeId } from "../../tools/request.ts";
import { Store } from "../../tools/store/store.ts";
import { RequestError } from "../../protocol/wire_error.ts";

/** Which haft asks, if it tells. */
export interface Caller {
  version: string;
  store: string;
  config: string;
  home?: string | undefined;
  state?: string | undefined;
}

export interface RuntimeServiceOptions {
  user: UserContext;
  projects: ProjectCache;
  /** haft's own version. */
  version: string;
  /** Called with each project that is asked about, whenever it was read from its files. */
  onOpened: (project: Project) => void;
}

/** Answers what runs where, from memory where nothing has changed. */
export class RuntimeService {
  readonly #user: UserContext;
  readonly #version: string;
  readonly #projects: ProjectCache;
  readonly #onOpened: (project: Project) => void;
  readonly #known = new WeakSet<Project>();

  constructor({ user, projects, version, onOpened }: RuntimeServiceOptions) {
    this.#user = user;
    this.#version = version;
    this.#projects = projects;
    this.#onOpened = onOpened;
  }

  /** Tools that are answered for from memory. */
  get cachedRuntimes(): number {
    return this.#projects.tools;
  }

  /** @throws {RequestError} `not_found` when the caller is another haft than this daemon */
  open(cwd: string = this.#user.home, caller?: Caller): Project {
    const { home, paths: { store, config, state } } = this.#user;
    const own: Required<Caller> = { version: this.#version, store, config, home, state };
    if (caller !== undefined && isOther(caller, own)) {
      throw new RequestError(
        "not_found",
        `This daemon is haft ${own.version}, with the tools of "${store}"`,
        {
          data: { caller: own },
        },
      );
    }
    const project = this.#projects.open(cwd);
    if (!this.#known.has(project)) this.#onOpened(project);
    this.#known.add(project);
    return project;
  }

  async resolve(
    { runtime, version, cwd, caller, search_path: path }: {
      runtime: string;
      version?: string | undefined;
      cwd?: string | undefined;
      caller?: Caller | undefined;
      search_path?: string | undefined;
    },
  ) {
    // What is kept in memory is looked at now, however long ago it was read.
    const asOf = Date.now();
    const project = withTarget(this.open(cwd, caller), { name: runtime, version });
    const { paths } = this.#user;
    // The daemon's own mark says nothing about the one who asks.
    const { [APPLIED]: _mark, ...env } = this.#user.env;
    const decided = await planRun(runtime, project, {
      env: path === undefined ? env : { ...env, PATH: path },
      paths,
    });
    // Only a haft that says who it is runs what it asks for.
    const runs = caller !== undefined && cwd !== undefined && version === undefined;
    const note = project.variablesNote ?? choiceNote(decided.found.tool);
    // The long way says so to the person.
    if (runs && note !== undefined) throw new RequestError("not_found", note);
    const plan = runs ? { ...decided, path: withLead(decided.path, { cwd, paths }) } : decided;
    if (runs) {
      const { home } = this.#user;
      setTimeout(
        () => rememberRun(runtime, { plan, project, asOf }, { cwd, home, paths, version: this.#version }),
        0,
      );
    }
    const { tool, installed } = plan.found;
    return {
      executable: plan.file,
      args: plan.args,
      version: installed.receipt.version,
      path: plan.path,
      defaults: plan.defaults,
      env: plan.env,
      decided_by: tool.request.decidedBy.file,
    };
  }

  /** @throws {HaftError} when the project's variables are not trusted */
  environment(cwd: string | undefined, caller: Caller | undefined) {
    const project = this.open(cwd, caller);
    const env = project.variables();
    const installed = project.installedTools;
    const path = executableDirectories(installed, { allowed: project.files.user.allowedShims });
    return { path, defaults: defaultVariables(installed), env };
  }

  installedVersions(name: string): string[] {
    const ids = new Set([name, storeId({ name }, { catalogueSource: builtInCatalogue.source(name) })]);
    const versions = this.#store.list()
      .filter(({ receipt }) => ids.has(receipt.tool) || ids.has(receipt.store_id))
      .map(({ receipt }) => receipt.version);
    return [...new Set(versions)].toSorted((a, b) => compare(parse(a), parse(b)));
  }

  list(cwd: string | undefined) {
    if (cwd === undefined) {
      return this.#store.list().map(({ receipt: { tool, version }, directory: path }) => ({
        runtime: tool,
        request: null,
        version,
        installed: true,
        path,
        decided_by: null,
      }));
    }
    return this.open(cwd).tools.map(({ request, version, installed }) => ({
      runtime: request.name,
      request: request.version,
      version: version ?? null,
      installed: installed !== undefined,
      path: installed?.directory ?? null,
      decided_by: request.decidedBy.file,
    }));
  }

  get #store(): Store {
    return new Store(this.#user.paths);
  }
}

/** What a caller leaves out is not compared. */
function isOther(caller: Caller, own: Required<Caller>): boolean {
  return (["version", "store", "config", "home", "state"] as const)
    .some((name) => caller[name] !== undefined && caller[name] !== own[name]);
}
