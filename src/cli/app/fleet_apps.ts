/**
 * Apps that hosts of the fleet run: started, restarted and stopped for all hosts by what their operator
 * signs.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AppConfig } from "../../apps/config/app_schema.ts";
import { ExitCode } from "../../base/exit_code.ts";
import { AppClient, type SeenCopy } from "../../fleet/apps/app_client.ts";
import { type AppSpec, tableHash } from "../../fleet/apps/app_message.ts";
import type { SignedSpec } from "../../fleet/apps/apps_view.ts";
import { connectFleet } from "../../fleet/connect.ts";
import { hostSelectionText, parseHostSelection } from "../../tools/manifest/host_selector.ts";
import { openProject } from "../../tools/project/project.ts";
import { createStyle } from "../../ui/style.ts";
import type { Context } from "../command.ts";
import { fleetSettings } from "../fleet/membership.ts";
import { forgetStarted, keepStarted, type StartedApp, startedOverHosts } from "./started_over_hosts.ts";

export type FleetVerb = "start" | "restart" | "stop";

/** What became of one app. */
interface FleetOutcome {
  name: string;
  root: string;
  error: string | null;
  next?: string;
  copies: SeenCopy[];
}

const LOOK_MS = 100;
/** Some host becomes the controller within that time. */
const CONTROLLER_MS = 30_000;
const GOOD = new Set(["running", "healthy"]);
const BAD = new Set(["crashed", "exhausted", "unhealthy", "backoff"]);

export async function changeFleetApps(
  verb: FleetVerb,
  apps: ReadonlyMap<string, AppConfig | undefined>,
  { json }: { json: boolean },
  context: Context,
): Promise<ExitCode> {
  const settings = fleetSettings(context);
  await using connection = await connectFleet(settings, { name: `haft app ${verb}`, stay: true });
  await using client = await AppClient.open(connection, settings.name);
  const changes = [...apps].flatMap(([name, config]) => changesOf(verb, { name, config }, context));
  const outcomes = await Promise.all(
    changes.map((one) => change(verb, { ...one, client, quiet: json }, context)),
  );
  await report(verb, outcomes, { json }, context);
  return outcomes.some(({ error }) => error !== null) ? ExitCode.failed : ExitCode.ok;
}

/** An app as it is wanted from now on; without a configuration, it is only to be stopped. */
interface Wanted extends StartedApp {
  table: string;
  config: AppConfig | undefined;
}

interface Change extends Wanted {
  client: AppClient;
  quiet: boolean;
}

/** What is stopped is each one of this name that was started from here, wherever the hosts had it then. */
function changesOf(
  verb: FleetVerb,
  { name, config }: Pick<Wanted, "name" | "config">,
  context: Context,
): Wanted[] {
  const declared = config === undefined ? [] : [{ ...placeOf(name, config, context), name, config }];
  const started = verb === "stop" ? startedOverHosts({}, context).filter((one) => one.name === name) : [];
  const further = started.filter(({ root }) => declared.every((one) => one.root !== root));
  return [...declared, ...further.map((one) => ({ ...one, table: "", config: undefined }))];
}

async function change(verb: FleetVerb, wanted: Change, context: Context): Promise<FleetOutcome> {
  const { project, name, root, hosts, table, config, client, quiet } = wanted;
  const { own, others } = client.specs({ root, name });
  const foreign = others.find(({ spec }) => !spec.stopped);
  if (foreign !== undefined && own === undefined) {
    return failure({ name, root }, `another operator started it, with the key ${foreign.sender}`, {
      next: `That key alone can change it; run "haft app ${verb} ${name}" on its machine`,
    });
  }
  if (verb === "stop" && own === undefined) {
    await forgetStarted(wanted, context);
    return { name, root, error: null, copies: [] };
  }
  const spec = specOf(verb, { name, root, table, config, before: own?.spec });
  if (verb !== "stop") await keepStarted({ project, name, root, hosts }, context);
  const id = spec === own?.spec ? own.id : await client.want(spec);
  if (verb === "stop") await forgetStarted(wanted, context);
  const signed = { id, sender: own?.sender ?? "", spec };
  return verb === "stop"
    ? await untilStopped(signed, { client, name, quiet }, context)
    : await untilUp(signed, { client, name, quiet }, context);
}

/** What is wanted now; the same as before where nothing changes. */
function specOf(
  verb: FleetVerb,
  { name, root, table, config, before }: {
    name: string;
    root: string;
    table: string;
    config: AppConfig | undefined;
    before: AppSpec | undefined;
  },
): AppSpec {
  if (verb === "stop" && before !== undefined) {
    return before.stopped ? before : { ...before, stopped: true, revision: nextRevision(before) };
  }
  const { names = [], labels = {} } = parseHostSelection(config?.hosts ?? "*") ?? {};
  const revision = nextRevision(before);
  const isNewRun = before === undefined || before.stopped || before.table !== table || verb === "restart";
  const spec: AppSpec = {
    name,
    root,
    table,
    hosts: { names, labels },
    replicas: config?.replicas ?? 1,
    on_lost: config?.on_lost ?? "stop",
    stopped: false,
    revision: before?.revision ?? revision,
    run: isNewRun ? revision : before.run,
  };
  return JSON.stringify(spec) === JSON.stringify(before) ? spec : { ...spec, revision };
}

/** Rises, whatever the clock says. */
function nextRevision(before: AppSpec | undefined): number {
  return Math.max(Date.now(), (before?.revision ?? 0) + 1);
}

/** Where the hosts have the project, and what its manifest says of the app. */
function placeOf(
  name: string,
  { hosts = "*" }: Pick<AppConfig, "hosts">,
  context: Context,
): Pick<Wanted, "project" | "root" | "hosts" | "table"> {
  const project = openProject(context.cwd, context);
  return {
    project: project.root,
    hosts,
    root: parseHostSelection(hosts)?.directory ?? project.root,
    table: tableHash(project.files.apps[name]),
  };
}

async function untilUp(
  signed: SignedSpec,
  { client, name, quiet }: Pick<Change, "client" | "name" | "quiet">,
  context: Context,
): Promise<FleetOutcome> {
  const { spec } = signed;
  const key = { name, root: spec.root };
  const deadline = performance.now() + CONTROLLER_MS;
  const tell = teller(name, quiet, context);
  for (;;) {
    const copies = client.copies(signed);
    if (copies === undefined && performance.now() > deadline) {
      return failure(key, "no host of the fleet takes it up", {
        next: 'Look with "haft fleet ls" whether hosts are there, and have this version of haft',
      });
    }
    if (copies !== undefined) {
      await tell(copies);
      const bad = copies.find(({ state }) => BAD.has(state ?? ""));
      if (bad !== undefined) {
        return failure(key, `copy ${bad.copy} on ${bad.host} is ${bad.state}${because(bad)}`, {
          next: `Run "haft --host ${bad.host}:${spec.root} app logs ${name}"`,
          copies,
        });
      }
      const placed = copies.filter(({ host }) => host !== null);
      if (placed.every(({ state }) => GOOD.has(state ?? ""))) return whole(key, signed, copies);
    }
    await delay(LOOK_MS, undefined, { signal: context.signal });
  }
}

/** All that could be placed is up. */
function whole(key: { name: string; root: string }, { spec }: SignedSpec, copies: SeenCopy[]): FleetOutcome {
  const [waiting] = copies.filter(({ host }) => host === null);
  if (waiting !== undefined) {
    const left = copies.filter(({ host }) => host === null).length;
    return failure(key, `${left} of ${copies.length} copies wait: ${waiting.reason}`, {
      next: "They start by themselves as soon as a host can have them",
      copies,
    });
  }
  if (copies.length > 0) return { ...key, error: null, copies };
  return failure(key, `no host that is there takes it (${hostSelectionText(spec.hosts)})`, {
    next: "It starts by itself as soon as one does",
  });
}

async function untilStopped(
  { id, spec }: SignedSpec,
  { client, name, quiet }: Pick<Change, "client" | "name" | "quiet">,
  context: Context,
): Promise<FleetOutcome> {
  const key = { name, root: spec.root };
  const style = createStyle(context.stderr.color);
  const told = new Set<string>();
  for (;;) {
    const holders = client.holders(id);
    const there = holders.filter((host) => client.isThere(host));
    if (there.length === 0 && holders.length === 0) return { ...key, error: null, copies: [] };
    if (there.length === 0) {
      return failure(key, `${holders.join(", ")} ran it, and is not there`, {
        next: 'It stops there by itself before its lease is over, unless on_lost is "keep"',
      });
    }
    for (const host of there.filter((one) => !told.has(one))) {
      told.add(host);
      if (!quiet) await context.stderr.write(style.dim(`${name} stops on ${host}\n`));
    }
    await delay(LOOK_MS, undefined, { signal: context.signal });
  }
}

/** Says what copies wait for, each change once. */
function teller(name: string, quiet: boolean, { stderr }: Context): (copies: SeenCopy[]) => Promise<void> {
  const style = createStyle(stderr.color);
  const told = new Map<number, string>();
  return async (copies) => {
    for (const one of quiet ? [] : copies) {
      const text = `copy ${one.copy}${one.host === null ? "" : ` on ${one.host}`} is ${one.state}${
        because(one)
      }`;
      if (one.state === null || GOOD.has(one.state) || told.get(one.copy) === text) continue;
      told.set(one.copy, text);
      await stderr.write(style.dim(`${name}: ${text}\n`));
    }
  };
}

function because({ reason }: Pick<SeenCopy, "reason">): string {
  return reason === null ? "" : `: ${reason}`;
}

function failure(
  key: { name: string; root: string },
  error: string,
  { next, copies = [] }: { next: string; copies?: SeenCopy[] },
): FleetOutcome {
  return { ...key, error, next, copies };
}

async function report(
  verb: FleetVerb,
  outcomes: readonly FleetOutcome[],
  { json }: { json: boolean },
  { stdout, stderr }: Context,
): Promise<void> {
  if (json) return await stdout.write(`${JSON.stringify({ outcomes }, null, 2)}\n`);
  for (const { name, error, next, copies } of outcomes) {
    if (error !== null) await stderr.write(`${name}: ${error}\n${next === undefined ? "" : `  ${next}\n`}`);
    else {
      const where = copies.map(({ host, state }) => `${state} on ${host}`).join(", ");
      await stdout.write(`${name}: ${verb === "stop" ? "stopped" : where}\n`);
    }
  }
}
