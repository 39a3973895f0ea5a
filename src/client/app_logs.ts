import * as v from "valibot";
import { type AppLogLine, LOG_PAGE_EVENT, LogPage } from "../protocol/methods/app_methods.ts";
import { ReceiveFailed } from "../channel/errors.ts";
import type { RequestOptions } from "../channel/pending_requests.ts";
import type { Params } from "../protocol/methods/mod.ts";
import type { DaemonClient } from "./daemon_client.ts";

/**
 * The answer of `app.logs`, put together from the messages that it takes.
 *
 * @throws {ReceiveFailed} when one of them is not a page of lines
 */
export async function appLogs(
  daemon: Pick<DaemonClient, "request">,
  query: Omit<Params<"app.logs">, "paged">,
  options: Omit<RequestOptions, "onProgress"> = {},
): Promise<AppLogLine[]> {
  const earlier: AppLogLine[] = [];
  let wrong: string | undefined;
  const { lines } = await daemon.request("app.logs", { ...query, paged: true }, {
    ...options,
    onProgress: (event, data) => {
      if (event !== LOG_PAGE_EVENT) return;
      const page = v.safeParse(LogPage, data);
      if (page.success) { for (const line of page.output.lines) earlier.push(line); }
      else wrong ??= page.issues[0].message;
    },
  });
  if (wrong !== undefined) throw new ReceiveFailed(`The daemon sent a wrong page of log lines: ${wrong}`);
  return [...earlier, ...lines];
}
