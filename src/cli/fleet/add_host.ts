import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { writeSecret } from "../../fleet/credentials.ts";
import type { Invitation } from "../../fleet/invitation.ts";
import { createUserKey } from "../../fleet/nkey.ts";
import { ServerFiles } from "../../fleet/server/server_files.ts";
import { FLEET_NAME } from "../../tools/manifest/fleet_settings.ts";
import type { Command, ParsedArgs } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { textFlag } from "../flag_values.ts";
import { applyMembers, serverAddresses } from "./server_process.ts";

export interface FleetAddHostOptions {
  host: string;
  /** Where the invitation is written. */
  out: string | undefined;
  socket: string | undefined;
}

export const command: Command<FleetAddHostOptions> = {
  usage: ["HOST"],
  flags: [
    {
      name: "out",
      value: "FILE",
      description: "Where to write the key (default: HOST.fleet)",
      completes: "files",
    },
    SOCKET_FLAG,
  ],
  examples: ["haft fleet add-host web1"],
  parse(args) {
    return { host: hostArgument(args), out: textFlag(args, "out"), socket: socketFlag(args) };
  },
  async run({ host, out, socket }, context) {
    const files = new ServerFiles(context.paths.config);
    const record = files.read();
    if (record.members.some((member) => member.host === host)) {
      throw new HaftError(`The fleet has a host "${host}" already`, {
        next: `Run "haft fleet remove-host ${host}" first, if its key was lost`,
      });
    }
    const path = resolve(context.cwd, out ?? `${host}.fleet`);
    if (existsSync(path)) {
      throw new HaftError(`"${path}" is there already`, { next: "Name another by --out" });
    }
    const { seed, publicKey } = createUserKey();
    const invitation: Invitation = {
      haft_fleet: 1,
      fleet: record.fleet,
      host,
      servers: serverAddresses(record),
      seed,
      ca: readTextFile(files.authority),
    };
    const wanted = { ...record, members: [...record.members, { host, publicKey }] };
    // First of all: a server that cannot be told of it now must not cost its key.
    writeSecret(path, `${JSON.stringify(invitation, null, 2)}\n`);
    files.write(wanted);
    await applyMembers({ files, record: wanted, socket }, context);
    await context.stdout.write(`${path}\n`);
    await context.stderr.write(
      `Bring this file to ${host} over a private channel, and run there "haft fleet join ${host}.fleet"\n` +
        `  Its key is ${publicKey}\n`,
    );
    return ExitCode.ok;
  },
};

/** @throws {UsageError} */
export function hostArgument({ positional, rest }: ParsedArgs): string {
  const [host, ...more] = [...positional, ...rest];
  if (host === undefined || more.length > 0) {
    throw new UsageError("Name one host", { next: 'Such as "web1"' });
  }
  if (FLEET_NAME.test(host)) return host;
  throw new UsageError(`"${host}" is no name of a host: small letters, digits, "-" and "_", 63 at most`);
}
