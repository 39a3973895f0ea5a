import type { AppService } from "../../apps/app_service.ts";
import type { appMethods } from "../../protocol/methods/app_methods.ts";
import type { Handlers } from "../method_table.ts";

/** Methods about supervised processes: names and shapes only, the work is the service's. */
export function appHandlers(service: () => Promise<AppService>): Handlers<typeof appMethods> {
  return {
    "app.start": async ({ config, ...selection }, { signal }) => {
      const apps = await service();
      return await apps.start(config === undefined ? selection : { ...selection, config }, signal);
    },
    "app.stop": async (selection) => (await service()).stop(selection),
    "app.restart": async (selection, { signal }) => (await service()).restart(selection, signal),
    "app.delete": async (selection) => (await service()).delete(selection),
    "app.status": async (selection) => (await service()).status(selection),
    "app.list": async (selection) => (await service()).list(selection),
    "app.logs": async (query) => (await service()).logs(query),
    "app.up": async (selection, { signal }) => (await service()).up(selection, signal),
    "app.down": async (selection) => (await service()).stop(selection),
    "app.save": async (options) => (await service()).save(options),
    "app.restore": async (_, { signal }) => (await service()).restore(signal),
  };
}
