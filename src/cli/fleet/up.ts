import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { readTextFile } from "../../base/read_text_file.ts";
import { createUserKey } from "../../fleet/nkey.ts";
import { EVENT_LIMITS } from "../../fleet/event_stream.ts";
import { TASK_LIMITS } from "../../fleet/tasks/task_streams.ts";
import { APP_LIMITS } from "../../fleet/apps/app_stream.ts";
import { createStores, OBJECT_LIMITS } from "../../fleet/server/server_stores.ts";
import { ServerFiles, type ServerRecord } from "../../fleet/server/server_files.ts";
import { parseByteSize } from "../../process/config/byte_size.ts";
import { FLEET_NAME } from "../../tools/manifest/fleet_settings.ts";
import { readUserConfig } from "../../tools/project/user_config.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { withDaemon } from "../daemon/with_daemon.ts";
import { noFurther, parseDuration, textFlag } from "../flag_values.ts";
import { ownName } from "./join.ts";
import { applyMembership, LABEL_FLAG, labelFlag, reportMembership, writeMembership } from "./membership.ts";
import {
  asAdmin,
  installServer,
  ownAddress,
  reloadServer,
  splitListen,
  startServer,
} from "./server_process.ts";

export interface FleetUpOptions {
  /** Of a new fleet. */
  fleet: string | undefined;
  host: string | undefined;
  listen: string | undefined;
  labels: Record<string, string>;
  /** A nats-server that is there already. */
  server: string | undefined;
  /** Milliseconds that events are kept. */
  keepEvents: number | undefined;
  /** Bytes of events that are kept. */
  keepBytes: number | undefined;
  /** Milliseconds after which a silent host has lost its task. */
  taskLimit: number | undefined;
  /** Bytes of artifacts that hosts fetch for each other. */
  mirrorBytes: number | undefined;
  /** Bytes of what tasks have made. */
  outputBytes: number | undefined;
  /** Milliseconds after which a silent host has lost its apps. */
  appLimit: number | undefined;
  socket: string | undefined;
}

const DEFAULT_LISTEN = "127.0.0.1:4222";

export const command: Command<FleetUpOptions> = {
  usage: [""],
  flags: [
    { name: "fleet", value: "NAME", description: "The fleet's name (default: fleet)" },
    { name: "name", value: "HOST", description: "What this machine is called (default: its host name)" },
    {
      name: "listen",
      value: "ADDRESS:PORT",
      description: `Where the server answers (default: ${DEFAULT_LISTEN}, this machine alone)`,
    },
    LABEL_FLAG,
    {
      name: "server",
      value: "FILE",
      description: "Use this nats-server; haft installs one by default",
      completes: "files",
    },
    { name: "keep-events", value: "DURATION", description: "How long events are kept (default: 168h)" },
    { name: "keep-bytes", value: "SIZE", description: "How many bytes of events are kept (default: 1GiB)" },
    {
      name: "task-limit",
      value: "DURATION",
      description: "A host that is silent for so long loses its tasks to others (default: 30s)",
    },
    {
      name: "mirror-bytes",
      value: "SIZE",
      description: "How many bytes of tools' artifacts are kept for a day (default: 4GiB)",
    },
    {
      name: "output-bytes",
      value: "SIZE",
      description: "How many bytes of tasks' outputs are kept for a week (default: 4GiB)",
    },
    {
      name: "app-limit",
      value: "DURATION",
      description: "A host that is silent for so long loses its apps of the fleet to others (default: 30s)",
    },
    SOCKET_FLAG,
  ],
  examples: ["haft fleet up", "haft fleet up --listen 10.0.0.1:4222 --label role=build"],
  parse,
  run,
};

function parse(args: ParsedArgs): FleetUpOptions {
  noFurther([...args.positional, ...args.rest]);
  const listen = textFlag(args, "listen");
  if (listen !== undefined && !/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(listen)) {
    throw new UsageError(`--listen takes ADDRESS:PORT, not "${listen}"`, {
      next: "Write --listen 10.0.0.1:4222",
    });
  }
  for (const flag of ["fleet", "name"]) {
    const name = textFlag(args, flag);
    if (name === undefined || FLEET_NAME.test(name)) continue;
    throw new UsageError(`--${flag} takes small letters, digits, "-" and "_", not "${name}"`);
  }
  return {
    fleet: textFlag(args, "fleet"),
    host: textFlag(args, "name"),
    listen,
    labels: labelFlag(args),
    server: textFlag(args, "server"),
    keepEvents: durationFlag(args, "keep-events"),
    keepBytes: sizeFlag(args, "keep-bytes"),
    taskLimit: durationFlag(args, "task-limit"),
    mirrorBytes: sizeFlag(args, "mirror-bytes"),
    outputBytes: sizeFlag(args, "output-bytes"),
    appLimit: durationFlag(args, "app-limit"),
    socket: socketFlag(args),
  };
}

async function run(options: FleetUpOptions, context: Context): Promise<ExitCode> {
  const { fleet: settings } = readUserConfig(context.paths.config);
  const files = new ServerFiles(context.paths.config);
  const before = files.exists ? files.read() : undefined;
  if (settings !== undefined && before === undefined) {
    throw new HaftError(`This machine is host "${settings.host}" of fleet "${settings.name}" already`, {
      next: 'Run "haft fleet leave" first',
    });
  }
  const host = options.host ?? settings?.host ?? ownName();
  const record = recordOf(options, before);
  if (options.fleet !== undefined && options.fleet !== record.fleet) {
    throw new HaftError(`This machine runs the server of fleet "${record.fleet}" already`, {
      next: `Leave out --fleet, or move "${files.directory}" away`,
    });
  }
  const joins = settings === undefined ? createUserKey() : undefined;
  const members = joins === undefined
    ? record.members
    : [...record.members.filter((member) => member.host !== host), { host, publicKey: joins.publicKey }];
  files.write({ ...record, members });
  const executable = options.server === undefined
    ? await installServer(files, context)
    : resolve(context.cwd, options.server);
  await withDaemon({ socket: options.socket, client: "haft fleet" }, context, async (daemon) => {
    await startServer(daemon, { files, executable }, context);
    // One that ran already has its former configuration.
    await reloadServer(daemon, files);
  });
  // Its one server is the only one with a copy.
  await asAdmin(
    { files, record },
    context,
    ({ nats }) => createStores(nats, record.fleet, { ...record, members, replicas: 1 }),
  );
  if (joins !== undefined) {
    await writeMembership({
      fleet: record.fleet,
      host,
      servers: [ownAddress(record)],
      key: `${joins.seed}\n`,
      ca: readTextFile(files.authority),
      labels: options.labels,
    }, context);
  }
  await reportMembership(await applyMembership(options.socket, context, { patient: true }), context);
  await context.stderr.write(
    `The server answers at ${record.listen}\n  Run "haft fleet add-host NAME" to make a key for a further host\n`,
  );
  return ExitCode.ok;
}

/** What there is already, with another address where one is given. */
function recordOf(
  { fleet = "fleet", listen, keepEvents, keepBytes, taskLimit, mirrorBytes, outputBytes, appLimit }:
    FleetUpOptions,
  before: ServerRecord | undefined,
): ServerRecord {
  const events = {
    maxAgeMs: keepEvents ?? before?.events?.maxAgeMs ?? EVENT_LIMITS.maxAgeMs,
    maxBytes: keepBytes ?? before?.events?.maxBytes ?? EVENT_LIMITS.maxBytes,
  };
  const tasks = { ackWaitMs: taskLimit ?? before?.tasks?.ackWaitMs ?? TASK_LIMITS.ackWaitMs };
  const apps = { lostMs: appLimit ?? before?.apps?.lostMs ?? APP_LIMITS.lostMs };
  const objects = {
    mirrorBytes: mirrorBytes ?? before?.objects?.mirrorBytes ?? OBJECT_LIMITS.mirrorBytes,
    outputBytes: outputBytes ?? before?.objects?.outputBytes ?? OBJECT_LIMITS.outputBytes,
  };
  if (before !== undefined && (listen === undefined || listen === before.listen)) {
    return { ...before, events, tasks, objects, apps };
  }
  const address = listen ?? DEFAULT_LISTEN;
  return {
    events,
    tasks,
    objects,
    apps,
    fleet: before?.fleet ?? fleet,
    listen: address,
    addresses: addressesOf(splitListen(address).host),
    members: before?.members ?? [],
  };
}

/** One second at least: the server counts no faster. */
function durationFlag(args: ParsedArgs, name: string): number | undefined {
  const text = textFlag(args, name);
  return text === undefined ? undefined : Math.max(1_000, parseDuration(name, text));
}

function sizeFlag(args: ParsedArgs, name: string): number | undefined {
  const text = textFlag(args, name);
  const bytes = text === undefined ? undefined : parseByteSize(text);
  if (text === undefined || bytes !== undefined) return bytes;
  throw new UsageError(`--${name} takes a size such as 500MiB, not "${text}"`);
}

/** Every address by which a server that listens there can be reached. */
function addressesOf(host: string): string[] {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare !== "0.0.0.0" && bare !== "::") return [bare];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.includes("%") && !address.startsWith("fe80"))
    .map(({ address }) => address);
  return ["127.0.0.1", ...all];
}
