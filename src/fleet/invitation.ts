import * as v from "valibot";
import { errorMessage, HaftError } from "../base/errors.ts";
import { FleetName, FleetSettings } from "../tools/manifest/fleet_settings.ts";

/** What a host needs to join: the file that `haft fleet add-host` writes. It holds a secret. */
export const Invitation = v.strictObject({
  haft_fleet: v.literal(1),
  fleet: FleetName,
  host: FleetName,
  servers: FleetSettings.entries.servers,
  /** The key's seed. */
  seed: v.string(),
  /** PEM of the certificate that the servers are known by. */
  ca: v.optional(v.string()),
});
export type Invitation = v.InferOutput<typeof Invitation>;

/** @throws {HaftError} when the text is none */
export function parseInvitation(text: string, path: string): Invitation {
  try {
    return v.parse(Invitation, JSON.parse(text));
  } catch (error) {
    throw new HaftError(`"${path}" is no invitation to a fleet: ${errorMessage(error)}`, {
      next: 'Run "haft fleet add-host NAME" where the fleet\'s server is, and bring its file here',
    });
  }
}
