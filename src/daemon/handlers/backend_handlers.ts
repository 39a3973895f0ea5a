import type { BackendService } from "../../backends/backend_service.ts";
import type { backendMethods } from "../../protocol/methods/backend_methods.ts";
import type { Handlers } from "../method_table.ts";

/** Methods about backends. */
export function backendHandlers(backends: () => Promise<BackendService>): Handlers<typeof backendMethods> {
  return {
    "backend.start": async (target) => await (await backends()).start(target),
    "backend.stop": async (target) => await (await backends()).stop(target),
    "backend.list": async ({ cwd }) => ({ backends: (await backends()).list(cwd) }),
    "backend.call": async ({ method, data, timeout, ...target }, call) => ({
      data: await (await backends()).call(target, method, data ?? {}, {
        timeoutMs: timeout * 1000,
        signal: call.signal,
        onProgress: (event, progress) => call.progress(event, progress),
      }),
    }),
  };
}
