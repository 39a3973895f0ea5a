import { errorMessage } from "../../base/errors.ts";
import { AppClient, type SeenCopy } from "../../fleet/apps/app_client.ts";
import { connectFleet } from "../../fleet/connect.ts";
import type { AppStatus } from "../../protocol/methods/app_methods.ts";
import { parseHostSelection } from "../../tools/manifest/host_selector.ts";
import type { Context } from "../command.ts";
import { fleetSettings } from "../fleet/membership.ts";

/** Where the copies of apps over hosts are; empty where the fleet does not answer, which stderr then says. */
export async function fleetCopies(
  apps: readonly AppStatus[],
  context: Context,
): Promise<Map<AppStatus, SeenCopy[]>> {
  const copies = new Map<AppStatus, SeenCopy[]>();
  try {
    const settings = fleetSettings(context);
    await using connection = await connectFleet(settings, { name: "haft app status", stay: false });
    await using client = await AppClient.open(connection, settings.name);
    for (const app of apps) {
      if (app.hosts === null) continue;
      const root = parseHostSelection(app.hosts)?.directory ?? app.root;
      const { own, others } = client.specs({ root, name: app.name });
      const signed = own?.spec.stopped === false ? own : others.find(({ spec }) => !spec.stopped) ?? own;
      copies.set(app, signed === undefined || signed.spec.stopped ? [] : client.copies(signed) ?? []);
    }
  } catch (error) {
    await context.stderr.write(`Note: where hosts run apps is not known: ${errorMessage(error)}\n`);
  }
  return copies;
}
