import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { type FleetGrant, METHOD_GLOB, USER_KEY } from "../../tools/manifest/fleet_settings.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { editUserConfig } from "../edit_user_config.ts";
import { JSON_FLAG, textFlag } from "../flag_values.ts";
import { applyMembership, fleetSettings } from "./membership.ts";

export type FleetAllowAction =
  | { kind: "list" }
  | { kind: "add"; key: string; grant: FleetGrant }
  /** By its key, or by the name of its grant. */
  | { kind: "remove"; sender: string };

export interface FleetAllowOptions {
  action: FleetAllowAction;
  json: boolean;
  socket: string | undefined;
}

export const command: Command<FleetAllowOptions> = {
  usage: ["", "KEY --methods M,… [--projects DIR,…] [--name NAME]", "--remove KEY"],
  flags: [
    { name: "methods", value: "M,…", description: "What it may call: app.*, task.start or *" },
    {
      name: "projects",
      value: "DIR,…",
      description: "Projects that it may call them for; * is all (default: this directory)",
      completes: "files",
    },
    { name: "name", value: "NAME", description: "How you call the sender" },
    { name: "commands", description: "Let it send commands of its own: it can then run anything as you" },
    { name: "remove", value: "KEY", description: "Take everything from this key, or from this name" },
    JSON_FLAG,
    SOCKET_FLAG,
  ],
  examples: [
    "haft fleet allow                      # what is allowed, and to whom",
    "haft fleet allow UCKP… --name alice --methods 'app.*' --projects /srv/web",
    "haft fleet allow --remove alice",
  ],
  parse,
  async run({ action, json, socket }, context) {
    const { allow } = fleetSettings(context);
    if (action.kind === "list") return await list(allow, { json, context });
    if (action.kind === "add") {
      const projects = action.grant.projects.map((path) => path === "*" ? path : resolve(context.cwd, path));
      const grant = { ...action.grant, projects };
      await editAllow(context, (grants) => grants[action.key] = grant);
      await context.stdout.write(`${action.key} is allowed ${summary(grant)}\n`);
    } else {
      const keys = Object.keys(allow).filter((key) =>
        key === action.sender || allow[key]?.name === action.sender
      );
      if (keys.length === 0) {
        throw new HaftError(`Nothing is allowed to "${action.sender}"`, {
          next: 'Run "haft fleet allow" for those to whom something is',
        });
      }
      await editAllow(context, (grants) => keys.forEach((key) => delete grants[key]));
      await context.stdout.write(`Nothing is allowed to ${keys.join(", ")} any more\n`);
    }
    await applyMembership(socket, context);
    return ExitCode.ok;
  },
};

function parse(args: ParsedArgs): FleetAllowOptions {
  const { flags, positional, rest } = args;
  const [key, ...more] = [...positional, ...rest];
  const common = { json: flags.has("json"), socket: socketFlag(args) };
  const remove = textFlag(args, "remove");
  const methods = textFlag(args, "methods");
  if (more.length > 0 || (key !== undefined && remove !== undefined)) {
    throw new UsageError("Name one key", { next: 'On the sender\'s machine, "haft fleet status" prints it' });
  }
  if (remove !== undefined) return { ...common, action: { kind: "remove", sender: remove } };
  if (key === undefined) {
    if (methods !== undefined) throw new UsageError("Whose key? None was given");
    return { ...common, action: { kind: "list" } };
  }
  if (!USER_KEY.test(key)) {
    throw new UsageError(`"${key}" is no sender's key`, {
      next: 'On the sender\'s machine, "haft fleet status" prints it: U and 55 capital letters and digits',
    });
  }
  if (methods === undefined) {
    throw new UsageError("--methods says what it may call", { next: "Write --methods 'app.*,task.*'" });
  }
  const list = methods.split(",").map((method) => method.trim());
  const wrong = list.find((method) => !METHOD_GLOB.test(method));
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" is no method`, {
      next: 'Write one such as "app.status", "app.*" or "*"',
    });
  }
  const name = textFlag(args, "name");
  const projects = textFlag(args, "projects")?.split(",") ?? ["."];
  const grant = {
    methods: list,
    projects,
    commands: flags.has("commands"),
    ...(name === undefined ? {} : { name }),
  };
  return { ...common, action: { kind: "add", key, grant } };
}

async function list(
  allow: Readonly<Record<string, FleetGrant>>,
  { json, context: { stdout } }: { json: boolean; context: Context },
): Promise<ExitCode> {
  const grants = Object.entries(allow);
  if (json) {
    const all = grants.map(([key, { name = null, ...grant }]) => ({ key, name, ...grant }));
    await stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  } else if (grants.length === 0) await stdout.write("Nothing is allowed to anyone\n");
  else {
    const { table } = await import("../../ui/table.ts");
    await stdout.write(table(grants.map(([key, grant]) => [key, grant.name ?? "", summary(grant)])));
  }
  return ExitCode.ok;
}

function summary({ methods, projects, commands }: FleetGrant): string {
  const where = projects.includes("*") ? "every project" : projects.join(", ") || "no project";
  return `${methods.join(", ") || "nothing"} for ${where}${commands ? ", with commands of its own" : ""}`;
}

async function editAllow(context: Context, change: (grants: Record<string, unknown>) => void): Promise<void> {
  await editUserConfig(context, (document) => {
    const fleet = asTable(document["fleet"]);
    const grants = asTable(fleet["allow"]);
    change(grants);
    document["fleet"] = { ...fleet, allow: grants };
  });
}

function asTable(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
