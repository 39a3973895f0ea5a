import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { grantable } from "../../fleet/access.ts";
import { type FleetGrant, METHOD_GLOB, USER_KEY } from "../../tools/manifest/fleet_settings.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { SOCKET_FLAG, socketFlag } from "../daemon/endpoint.ts";
import { rewriteUserConfig } from "../edit_user_config.ts";
import { JSON_FLAG, textFlag } from "../flag_values.ts";
import { withGrant, withoutGrants } from "./grant_tables.ts";
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
      await add(action, allow[action.key], context);
    } else {
      const keys = Object.keys(allow).filter((key) =>
        key === action.sender || allow[key]?.name === action.sender
      );
      if (keys.length === 0) {
        throw new HaftError(`Nothing is allowed to "${action.sender}"`, {
          next: 'Run "haft fleet allow" for those to whom something is',
        });
      }
      await rewriteUserConfig(context, (text, toml) => withoutGrants(text, keys, toml));
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
  const wrong = list.find((method) => !METHOD_GLOB.test(method) || grantable(method).length === 0);
  if (wrong !== undefined) {
    throw new UsageError(`"${wrong}" is no method that can be granted`, {
      next: 'Write one such as "app.status", "app.*" or "*"; "haft ipc-send daemon.describe" lists them',
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

/** @param before what the key had until now, which the new grant takes the place of */
async function add(
  { key, grant }: { key: string; grant: FleetGrant },
  before: FleetGrant | undefined,
  context: Context,
): Promise<void> {
  const { cwd, stdout, stderr } = context;
  const name = grant.name ?? before?.name;
  const projects = grant.projects.map((path) => path === "*" ? path : resolve(cwd, path));
  const whole: FleetGrant = { ...(name === undefined ? {} : { name }), ...grant, projects };
  await rewriteUserConfig(context, (text, toml) => withGrant(text, { key, grant: whole }, toml));
  await stdout.write(`${key} is allowed ${summary(whole)}\n`);
  if (before !== undefined && summary(before) !== summary(whole)) {
    await stderr.write(`Note: this takes the place of ${summary(before)}\n`);
  }
  const [missing] = projects.filter((path) => path !== "*" && !existsSync(path));
  if (missing !== undefined) await stderr.write(`Note: there is no ${missing} here yet\n`);
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
    await stdout.write(table(grants.map(([key, grant]) => [key, grant.name ?? "", summary(grant)]), stdout));
  }
  return ExitCode.ok;
}

function summary({ methods, projects, commands }: FleetGrant): string {
  const where = projects.includes("*") ? "every project" : projects.join(", ") || "no project";
  return `${methods.join(", ") || "nothing"} for ${where}${commands ? ", with commands of its own" : ""}`;
}
