import type { Hub } from "../../hub/hub.ts";
import { emitInstallEvent } from "../../protocol/install_events.ts";
import type { toolMethods } from "../../protocol/methods/tool_methods.ts";
import type { Call, Handlers } from "../method_table.ts";
import type { InstallProgressWatch } from "../services/install_service.ts";
import type { Tools } from "../services/tools.ts";

/**
 * Methods that change what is installed. What happens goes to everybody who subscribed, and to the caller
 * with its id.
 */
export function toolHandlers(tools: () => Promise<Tools>, hub: Hub): Handlers<typeof toolMethods> {
  const watch = (call: Call): InstallProgressWatch => ({
    signal: call.signal,
    emit(event) {
      emitInstallEvent(event, (type, data, subject) => {
        hub.publish(type, data, { subject });
        call.progress(type, data);
      });
    },
  });
  return {
    "tool.install": async (params, call) => {
      const { installs, store } = await tools();
      const result = await installs.install(params, watch(call));
      store.look();
      return result;
    },
    "tool.sync": async (params, call) => {
      const { installs, store } = await tools();
      const result = await installs.sync(params, watch(call));
      store.look();
      return result;
    },
    "tool.uninstall": async (params, call) => {
      const { installs, store } = await tools();
      const removed = await installs.uninstall(params, call.signal);
      store.look();
      return { removed };
    },
  };
}
