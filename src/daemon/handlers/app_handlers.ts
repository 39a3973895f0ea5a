import type { AppService } from "../../apps/app_service.ts";
import type { appMethods } from "../../protocol/methods/app_methods.ts";
import type { Handlers } from "../method_table.ts";

/** Methods about supervised processes: names and shapes only, the work is the service's. */
export function appHandlers({ apps }: { apps: AppService }): Handlers<typeof appMethods> {
  return {
    "app.start": ({ config, ...selection }, { signal }) =>
      apps.start(config === undefined ? selection : { ...selection, config }, signal),
    "app.stop": (selection) => apps.stop(selection),
    "app.restart": (selection, { signal }) => apps.restart(selection, signal),
    "app.delete": (selection) => apps.delete(selection),
    "app.status": (selection) => apps.status(selection),
    "app.list": (selection) => apps.list(selection),
    "app.logs": (query) => apps.logs(query),
    "app.up": (selection, { signal }) => apps.up(selection, signal),
    "app.down": (selection) => apps.down(selection),
    "app.save": (options) => apps.save(options),
    "app.restore": (_, { signal }) => apps.restore(signal),
  };
}
