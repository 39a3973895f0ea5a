import * as v from "valibot";
import { type AppLogLine, LOG_PAGE_EVENT, LogPage } from "../protocol/methods/app_methods.ts";
import type { RequestOptions } from "../channel/pending_requests.ts";
import type { Params } from "../protocol/methods/mod.ts";
import type { DaemonClient } from "./daemon_client.ts";

/** The answer of `app.logs`, put together from the messages that it takes. */
export async function appLogs(
  daemon: Pick<DaemonClient, "request">,
  query: Omit<Params<"app.logs">, "paged">,
  options: Omit<RequestOptions, "onProgress"> = {},
): Promise<AppLogLine[]> {
  const earlier: AppLogLine[] = [];
  const { lines } = await daemon.request("app.logs", { ...query, paged: true }, {
    ...options,
    onProgress: (event, data) => {
      if (event === LOG_PAGE_EVENT) { for (const line of v.parse(LogPage, data).lines) earlier.push(line); }
    },
  });
  return [...earlier, ...lines];
}
