import type { AppService } from "../../apps/app_service.ts";
import { logPages } from "../../apps/logs/log_pages.ts";
import { type appMethods, LOG_PAGE_EVENT } from "../../protocol/methods/app_methods.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import type { ProjectCache } from "../../tools/project/project_cache.ts";
import type { Handlers } from "../method_table.ts";

/** A project, by its directory or by any directory in it. */
interface Place {
  cwd?: string | undefined;
  root?: string | undefined;
}

/** Methods about supervised processes: names and shapes only, the work is the service's. */
export function appHandlers(
  service: () => Promise<AppService>,
  projects: () => Promise<ProjectCache>,
): Handlers<typeof appMethods> {
  /** The same with the project's directory where only one in it was named. */
  async function located<P extends Place>({ cwd, ...params }: P) {
    if (cwd === undefined || params.root !== undefined) return params;
    return { ...params, root: (await projects()).open(cwd).root };
  }

  /** As {@link located}, also while its haft.toml cannot be read: what runs can be stopped. */
  async function known<P extends Place>({ cwd, ...params }: P) {
    if (cwd === undefined || params.root !== undefined) return params;
    return { ...params, root: (await projects()).rootOf(cwd) };
  }

  async function inProject<P extends Place>(params: P) {
    const { root, ...rest } = await known(params);
    if (root === undefined) throw new RequestError("invalid_params", "Give cwd or root: no project is named");
    return { ...rest, root };
  }

  return {
    "app.start": async ({ config, ...params }, { signal }) => {
      const selection = await located(params);
      const apps = await service();
      return await apps.start(config === undefined ? selection : { ...selection, config }, signal);
    },
    "app.stop": async (params) => (await service()).stop(await known(params)),
    "app.restart": async (params, { signal }) => (await service()).restart(await located(params), signal),
    "app.reload": async (params, { signal }) => (await service()).reload(await located(params), signal),
    "app.scale": async (params, { signal }) => (await service()).scale(await located(params), signal),
    "app.delete": async (params) => (await service()).delete(await known(params)),
    "app.status": async (params) => (await service()).status(await located(params)),
    "app.list": async (params) => (await service()).list(await located(params)),
    "app.logs": async ({ paged, ...params }, call) => {
      const { lines } = await (await service()).logs(await known(params), call.signal);
      const pages = logPages(lines);
      const last = pages.pop() ?? [];
      if (paged) { for (const page of pages) call.progress(LOG_PAGE_EVENT, { lines: page }); }
      const sent = paged ? pages.flat().length + last.length : last.length;
      return { lines: last, omitted: lines.length - sent };
    },
    "app.up": async (params, { signal }) => (await service()).up(await inProject(params), signal),
    "app.down": async (params) => (await service()).stop(await inProject(params)),
    "app.save": async (options) => (await service()).save(options),
    "app.restore": async (_, { signal }) => (await service()).restore(signal),
  };
}
