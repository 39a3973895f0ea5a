import { HaftError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { ServerFiles } from "../../fleet/server/server_files.ts";
import type { Command } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { hostArgument } from "./add_host.ts";
import { reloadServer } from "./server_process.ts";

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
    files.write({ ...record, members });
    await withDaemon({ socket, client: "haft fleet" }, context, (daemon) => reloadServer(daemon, files));
    await context.stdout.write(`The server does not know the key of "${host}" any more\n`);
    return ExitCode.ok;
  },
};
