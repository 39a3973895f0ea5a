import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { parseCredentials, readCredentials } from "../../fleet/credentials.ts";
import { parseInvitation } from "../../fleet/invitation.ts";
import { FLEET_NAME } from "../../tools/manifest/fleet_settings.ts";
import { readUserConfig } from "../../tools/project/user_config.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { JSON_FLAG, textFlag } from "../flag_values.ts";
import {
  applyMembership,
  type Joining,
  LABEL_FLAG,
  labelFlag,
  reportMembership,
  writeMembership,
} from "./membership.ts";

export interface FleetJoinOptions {
  /** Addresses of servers, or one file of an invitation. */
  from: string[];
  fleet: string;
  host: string | undefined;
  creds: string | undefined;
  ca: string | undefined;
  labels: Record<string, string>;
  json: boolean;
  socket: string | undefined;
}

export const command: Command<FleetJoinOptions> = {
  usage: ["FILE", "SERVER… --name HOST --creds FILE"],
  flags: [
    { name: "name", value: "HOST", description: "What this machine is called (default: its host name)" },
    LABEL_FLAG,
    { name: "creds", value: "FILE", description: "A NATS user's seed or creds file", completes: "files" },
    {
      name: "ca",
      value: "FILE",
      description: "The certificate that the server is known by",
      completes: "files",
    },
    { name: "fleet", value: "NAME", description: "The fleet's name (default: fleet)" },
    JSON_FLAG,
    SOCKET_FLAG,
  ],
  examples: [
    "haft fleet join web1.fleet --label role=web",
    "haft fleet join tls://10.0.0.1:4222 --name web1 --creds web1.creds --ca ca.pem",
  ],
  completes: "files",
  parse,
  async run(options, context) {
    const { fleet: before } = readUserConfig(context.paths.config);
    const joining = await joiningOf(options, context);
    if (before !== undefined && (before.name !== joining.fleet || before.host !== joining.host)) {
      throw new HaftError(`This machine is host "${before.host}" of fleet "${before.name}" already`, {
        next: 'Run "haft fleet leave" first',
      });
    }
    await writeMembership(joining, context);
    const status = await applyMembership(options.socket, context);
    if (options.json) await context.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
    else await reportMembership(status, context);
    return status.state === "connected" ? ExitCode.ok : ExitCode.transport;
  },
};

function parse(args: ParsedArgs): FleetJoinOptions {
  const from = [...args.positional, ...args.rest];
  if (from.length === 0) {
    throw new UsageError("Which fleet? No server and no file was named", {
      next:
        'Write "haft fleet join FILE" with the file of "haft fleet add-host", or "haft fleet join tls://HOST:4222 --creds FILE"',
    });
  }
  return {
    from,
    fleet: textFlag(args, "fleet") ?? "fleet",
    host: textFlag(args, "name"),
    creds: textFlag(args, "creds"),
    ca: textFlag(args, "ca"),
    labels: labelFlag(args),
    json: args.flags.has("json"),
    socket: socketFlag(args),
  };
}

function joiningOf({ from, fleet, host, creds, ca, labels }: FleetJoinOptions, { cwd }: Context): Joining {
  const [first = ""] = from;
  if (!first.includes("://")) {
    const path = resolve(cwd, first);
    if (from.length > 1 || !existsSync(path)) {
      throw new UsageError(`There is no file "${first}"`, {
        next: "Name the file of an invitation, or servers such as tls://10.0.0.1:4222",
      });
    }
    const invitation = parseInvitation(readTextFile(path), path);
    if (host !== undefined && host !== invitation.host) {
      throw new UsageError(
        `"${first}" is for host "${invitation.host}", and the server lets its key be no other`,
        {
          next: `Leave out --name, or make a file by "haft fleet add-host ${host}"`,
        },
      );
    }
    parseCredentials(invitation.seed, path);
    return { ...invitation, key: `${invitation.seed}\n`, ca: invitation.ca, labels };
  }
  if (creds === undefined) throw new UsageError("Servers need --creds FILE, this host's key");
  const name = host ?? ownName();
  if (!FLEET_NAME.test(name)) {
    throw new UsageError(`"${name}" is no name of a host: small letters, digits, "-" and "_"`, {
      next: "Write --name web1",
    });
  }
  readCredentials(resolve(cwd, creds));
  return {
    fleet,
    host: name,
    servers: from,
    key: readTextFile(resolve(cwd, creds)),
    ca: ca === undefined ? undefined : readTextFile(resolve(cwd, ca)),
    labels,
  };
}

/** The machine's own name, as far as a subject can carry it. */
export function ownName(): string {
  return (hostname().split(".")[0] ?? "").toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-").slice(0, 63);
}
