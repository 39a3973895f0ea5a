/** Why this host does not run an app that an operator wants and the controller proposes. */
import { errorMessage } from "../../base/errors.ts";
import type { FleetGrant } from "../../tools/manifest/fleet_settings.ts";
import { hostSelectionText, selectsHost } from "../../tools/manifest/host_selector.ts";
import { openProject, type UserContext } from "../../tools/project/project.ts";
import type { ProjectFiles } from "../../tools/project/project_files.ts";
import { type AccessFacts, authorize } from "../access.ts";
import { tableHash } from "./app_message.ts";
import type { SignedSpec } from "./apps_view.ts";

export interface DenialFacts {
  host: string;
  labels: Readonly<Record<string, string>>;
  /** This host's own key: what it signs is its user's own. */
  key: string;
  allow: Readonly<Record<string, FleetGrant>>;
  facts: AccessFacts;
  user: UserContext;
  /** Whether a key belonged to a host that was removed from the fleet, or has another key now. */
  isFormer(key: string): boolean;
  /** @throws {UsageError} with the mistake in a manifest's apps */
  checkApps(files: ProjectFiles): void;
}

/** What its user does not let the operator do here, whether it runs or not; undefined when all is granted. */
export async function unlicensed(
  { sender, spec }: SignedSpec,
  { host, labels, key, allow, facts, isFormer }: DenialFacts,
): Promise<string | undefined> {
  if (isFormer(sender)) return "the key that started it was removed from the fleet";
  if (!selectsHost(spec.hosts, { host, labels })) return `it is for ${hostSelectionText(spec.hosts)}`;
  if (sender === key) return undefined;
  const grant = Object.hasOwn(allow, sender) ? allow[sender] : undefined;
  if (grant === undefined) return `host "${host}" allows nothing to the key ${sender}`;
  try {
    const data = { root: spec.root, names: [spec.name] };
    await authorize({ method: "app.start", data }, grant, facts);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** What keeps it from being started here; undefined when it can be. */
export function unstartable({ spec }: SignedSpec, { user, checkApps }: DenialFacts): string | undefined {
  try {
    const project = openProject(spec.root, user);
    const table = project.files.apps[spec.name];
    if (table === undefined) return `${spec.root} has no haft.toml with an app "${spec.name}"`;
    if (tableHash(table) !== spec.table) {
      return `haft.toml in ${spec.root} has another [apps.${spec.name}] than the one that was started`;
    }
    project.requireTrust();
    checkApps(project.files);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}
