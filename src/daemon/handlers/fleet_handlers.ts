import type { fleetMethods } from "../../protocol/methods/fleet_methods.ts";
import type { Handlers } from "../method_table.ts";
import type { FleetMembership } from "../services/fleet_membership.ts";

/** Methods about this host's place in its fleet. */
export function fleetHandlers(fleet: FleetMembership): Handlers<typeof fleetMethods> {
  return {
    "fleet.status": () => fleet.status,
    "fleet.reload": () => fleet.reload(),
  };
}
