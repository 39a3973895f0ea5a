import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { ServerFiles } from "../../fleet/server/server_files.ts";
import { readUserConfig } from "../../tools/project/user_config.ts";
import type { Command } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { hostArgument } from "./add_host.ts";
import { applyMembers } from "./server_process.ts";

export const command: Command<{ host: string; socket: string | undefined }> = {
  usage: ["HOST"],
  flags: [SOCKET_FLAG],
  examples: ["haft fleet remove-host web1"],
  parse: (args) => ({ host: hostArgument(args), socket: socketFlag(args) }),
  async run({ host, socket }, context) {
    const files = new ServerFiles(context.paths.config);
    const record = files.read();
    const members = record.members.filter((member) => member.host !== host);
    if (members.length === record.members.length) {
      throw new HaftError(`The fleet has no host "${host}"`, {
        next: `Its hosts are ${record.members.map((member) => member.host).join(", ")}`,
      });
    }
    if (readUserConfig(context.paths.config).fleet?.host === host) {
      throw new HaftError(`"${host}" is this machine, which runs the fleet's server`, {
        next: 'To take it out of the fleet, run "haft fleet leave"; the server goes on for the others',
      });
    }
    const wanted = { ...record, members };
    files.write(wanted);
    await applyMembers({ files, record: wanted, socket }, context);
    await context.stdout.write(`The server does not know the key of "${host}" any more\n`);
    return ExitCode.ok;
  },
};
