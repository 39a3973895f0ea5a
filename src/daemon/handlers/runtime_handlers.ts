import type { runtimeMethods } from "../../protocol/methods/runtime_methods.ts";
import type { Handlers } from "../method_table.ts";
import type { Tools } from "../services/tools.ts";

/** Methods about what runs where. */
export function runtimeHandlers(tools: () => Promise<Tools>): Handlers<typeof runtimeMethods> {
  return {
    "runtime.resolve": async (params) => (await tools()).runtimes.resolve(params),
    "runtime.environment": async ({ cwd, caller }) => (await tools()).runtimes.environment(cwd, caller),
    "runtime.versions": async ({ runtime, remote, cwd }, { signal }) => {
      const { installs, runtimes } = await tools();
      return remote
        ? await installs.remoteVersions(runtime, cwd, signal)
        : { versions: runtimes.installedVersions(runtime) };
    },
    "runtime.list": async ({ cwd }) => ({ runtimes: (await tools()).runtimes.list(cwd) }),
  };
}
