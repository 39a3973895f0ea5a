import { ExitCode } from "../../base/exit_code.ts";
import type { Command } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { noFurther } from "../flag_values.ts";
import { applyMembership, fleetSettings, removeMembership } from "./membership.ts";

export const command: Command<{ socket: string | undefined }> = {
  usage: [""],
  flags: [SOCKET_FLAG],
  parse(args) {
    noFurther([...args.positional, ...args.rest]);
    return { socket: socketFlag(args) };
  },
  async run({ socket }, context) {
    const settings = fleetSettings(context);
    await removeMembership(settings, context);
    await applyMembership(socket, context);
    await context.stdout.write(`This machine left fleet "${settings.name}"; its key is gone from here\n`);
    const grants = Object.keys(settings.allow).length;
    if (grants > 0) {
      await context.stderr.write(
        `${grants} ${
          grants === 1 ? "grant" : "grants"
        } of [fleet.allow] will count again when it joins one\n`,
      );
    }
    return ExitCode.ok;
  },
};
