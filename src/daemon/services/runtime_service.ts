import { compare, parse } from "@std/semver";
import { catalogueSource } from "../../tools/catalogue/catalogue.ts";
import { installedTools, type OpenProject, type UserContext } from "../../tools/project/open_project.ts";
import { ProjectCache } from "../../tools/project/project_cache.ts";
import { planRun, withTarget } from "../../tools/project/run_plan.ts";
import { defaultVariables, executableDirectories } from "../../tools/project/tool_environment.ts";
import { storeId } from "../../tools/request.ts";
import { Store } from "../../tools/store/store.ts";
import { RequestError } from "../../protocol/wire_error.ts";

/** The caller's own directories, if it tells them. */
export interface CallerHome {
  store: string;
  config: string;
}

export interface RuntimeServiceOptions {
  user: UserContext;
  /** Called whenever a project was read from its files. */
  onOpened: (cwd: string, open: OpenProject) => void;
}

/** Answers what runs where, from memory where nothing has changed. */
export class RuntimeService {
  readonly #user: UserContext;
  readonly #cache: ProjectCache;

  constructor({ user, onOpened }: RuntimeServiceOptions) {
    this.#user = user;
    this.#cache = new ProjectCache(user, { onOpened });
  }

  /** Tools that are answered for from memory. */
  get cachedRuntimes(): number {
    return this.#cache.tools;
  }

  forget(): void {
    this.#cache.clear();
  }

  /** @throws {RequestError} `not_found` when the caller's haft keeps its things elsewhere */
  open(cwd: string = this.#user.home, home?: CallerHome): OpenProject {
    const { store, config } = this.#user.paths;
    if (home !== undefined && (home.store !== store || home.config !== config)) {
      throw new RequestError("not_found", `This daemon works with the tools of "${store}"`, {
        data: { home: { store, config } },
      });
    }
    return this.#cache.open(cwd);
  }

  async resolve(
    { runtime, version, cwd, home, search_path: path }: {
      runtime: string;
      version?: string | undefined;
      cwd?: string | undefined;
      home?: CallerHome | undefined;
      search_path?: string | undefined;
    },
  ) {
    const open = withTarget(this.open(cwd, home), { name: runtime, version });
    const { env, paths } = this.#user;
    const plan = await planRun(runtime, open, {
      env: path === undefined ? env : { ...env, PATH: path },
      paths,
    });
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
  async environment(cwd: string | undefined, home: CallerHome | undefined) {
    const { project, tools } = this.open(cwd, home);
    if (Object.keys(project.env).length > 0) {
      const { requireProjectTrust } = await import("../../tools/trust/project_trust.ts");
      requireProjectTrust(this.#user, project);
    }
    const installed = installedTools(tools);
    return {
      path: executableDirectories(installed),
      defaults: defaultVariables(installed),
      env: project.env,
    };
  }

  installedVersions(name: string): string[] {
    const ids = new Set([name, storeId({ name }, catalogueSource(name))]);
    return this.#store.list()
      .filter(({ tool, store_id: id }) => ids.has(tool) || ids.has(id))
      .map(({ version }) => version)
      .toSorted((a, b) => compare(parse(a), parse(b)));
  }

  list(cwd: string | undefined) {
    if (cwd === undefined) {
      return this.#store.list().map(({ tool, store_id: id, version }) => ({
        runtime: tool,
        request: null,
        version,
        installed: true,
        path: this.#store.directory(id, version),
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
