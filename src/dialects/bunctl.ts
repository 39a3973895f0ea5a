/**
 * bunctl 3.0: serde's externally tagged enums, a length before each; one answer for each request, in order.
 */
import { homedir } from "node:os";
import { cutText } from "../base/cut_text.ts";
import { errorMessage } from "../base/errors.ts";
import { appLogs } from "../client/app_logs.ts";
import type { DaemonEvent } from "../protocol/events.ts";
import type { AppStatus } from "../protocol/methods/app_methods.ts";
import { readBunctlConfig } from "./bunctl_config.ts";
import { bunctlName } from "./bunctl_names.ts";
import { BunctlEvents, bunctlLine, bunctlStatus, STATUS_EVENTS } from "./bunctl_words.ts";
import type { Daemon, Dialect, DialectPeer, DialectSession } from "./dialect.ts";
import { readFields, readVariant } from "./serde_enum.ts";

/**
 * How long events wait after a subscription, in milliseconds. bunctl 3.0 reads the answer to its next request
 * as its snapshot, so events come after that; the client of its manual sends no other request.
 */
const HOLD_MS = 100;

/** Its client gives up after 30 s. */
const ANSWER_WITHIN_MS = 25_000;

/**
 * bunctl 3.0's client reads the answer to `List` as a list of names; the manual of the crate bunctl-ipc has
 * them under `apps`. Both send the same bytes, so the endpoint's name decides.
 */
const LISTS = {
  "bunctl": (names: string[]) => names,
  "bunctl-ipc": (names: string[]) => ({ apps: names }),
};

export function bunctlDialect(name: keyof typeof LISTS): Dialect {
  return {
    name,
    framing: "length",
    maxFrameBytes: 10 * 1024 * 1024,
    mayStaySilent: false,
    open: (peer, daemon) => new BunctlSession(peer, daemon, LISTS[name]),
    complaint,
  };
}

function complaint(message: string): unknown {
  return { Error: { message } };
}

class BunctlSession implements DialectSession {
  readonly #peer: DialectPeer;
  readonly #daemon: Daemon;
  /** Of a subscriber. */
  #words: BunctlEvents | undefined;
  #subscription: string | undefined;
  /** Events that wait; see {@link HOLD_MS}. */
  #held: unknown[] | undefined;
  #answering = false;
  #saidSomething = false;

  readonly #list: (names: string[]) => unknown;

  constructor(peer: DialectPeer, daemon: Daemon, list: (names: string[]) => unknown) {
    this.#list = list;
    this.#peer = peer;
    this.#daemon = daemon;
  }

  heard(event: DaemonEvent): void {
    this.#words ??= new BunctlEvents();
    const told = this.#words.translate(event);
    if (told === undefined) return;
    if (this.#held === undefined) this.#send({ Event: told });
    else this.#held.push({ Event: told });
  }

  async message(value: unknown): Promise<void> {
    const held = this.#held;
    this.#answering = true;
    try {
      this.#send(await this.#answer(value));
    } catch (error) {
      this.#send(complaint(errorMessage(error)));
    }
    this.#answering = false;
    if (held !== this.#held) this.#holdFor(HOLD_MS);
    else this.#release();
  }

  /** A quiet watcher's client would give up. */
  tick(): void {
    const quiet = !this.#saidSomething;
    this.#saidSomething = false;
    if (quiet && this.#subscription !== undefined) this.#peer.send({ Success: { message: "keepalive" } });
  }

  #send(message: unknown): void {
    this.#saidSomething = true;
    this.#peer.send(message);
  }

  #holdFor(milliseconds: number): void {
    const held = this.#held;
    setTimeout(() => {
      // The answer to a request that has come goes first, and releases them.
      if (this.#held === held && !this.#answering) this.#release();
    }, milliseconds);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.#send(event);
  }

  async #answer(value: unknown): Promise<unknown> {
    const variant = readVariant(value);
    const fields = (...names: string[]) => {
      const table = readFields(variant?.fields, names);
      if (table === undefined) throw new Error(`invalid type: ${variant?.name} needs ${names.join(", ")}`);
      return table;
    };
    switch (variant?.name) {
      case "Start":
        return await this.#start(fields("name", "config"));
      case "Stop":
        return await this.#each("app.stop", nameOf(fields("name")), (name) => `Stopped app ${name}`);
      case "Restart":
        return await this.#each("app.restart", nameOf(fields("name")), (name, app) => {
          return `Restarted app ${name} with PID ${app?.instances[0]?.pid ?? 0}`;
        });
      case "Delete":
        return await this.#each("app.delete", nameOf(fields("name")), (name) => `Deleted app ${name}`);
      case "Status":
        return { Data: { data: await this.#status(fields("name")["name"]) } };
      case "Logs":
        return { Data: { data: await this.#logs(fields("name", "lines")) } };
      case "Subscribe":
        return await this.#subscribe(fields("subscription")["subscription"]);
      case "List":
      case "Unsubscribe":
        if (variant.fields !== null) throw new Error(`invalid type: ${variant.name} has no fields`);
        return variant.name === "List" ? await this.#names() : await this.#unsubscribe();
      default:
        throw new Error(`unknown variant ${variant === undefined ? "" : `\`${cutText(variant.name)}\``}`);
    }
  }

  async #start({ name: given, config }: Record<string, unknown>): Promise<unknown> {
    const name = nameOf({ name: given });
    const known = (await this.#apps()).find((app) => bunctlName(app.name) === name);
    if (known !== undefined && isUp(known)) return success(`Started app ${name}`);
    const target = { root: known?.root ?? homedir(), names: [known?.name ?? name] };
    const table = known !== undefined && !known.adhoc ? {} : { config: readConfig(config) };
    const { outcomes } = await this.#daemon.request("app.start", { ...target, ...table });
    const error = outcomes.find((outcome) => outcome.name === target.names[0])?.error ?? null;
    if (error !== null) throw new Error(error);
    return success(`Started app ${name}`);
  }

  /** One app, or all of them; answers for the one, or with a word for all. */
  async #each(
    method: "app.stop" | "app.restart" | "app.delete",
    name: string,
    done: (name: string, app: AppStatus | undefined) => string,
  ): Promise<unknown> {
    const apps = await this.#apps();
    const meant = name === "all" ? apps : apps.filter((app) => bunctlName(app.name) === name);
    if (meant.length === 0 && name !== "all") throw notFound(name);
    const [only] = meant;
    if (
      method === "app.stop" && name !== "all" && only !== undefined && !isUp(only) && only.state !== "backoff"
    ) {
      throw new Error(`App ${cutText(name)} is not running`);
    }
    const results = await Promise.all([...Map.groupBy(meant, ({ root }) => root)].map(async ([root, its]) => {
      const names = its.map((app) => app.name);
      const result = await this.#daemon.request(method, { root, names }, { timeoutMs: ANSWER_WITHIN_MS });
      return "apps" in result ? result.apps : [];
    }));
    return success(done(name, results[0]?.[0]));
  }

  async #status(given: unknown): Promise<unknown> {
    const apps = await this.#apps();
    if (given === null || given === "all") return apps.map(bunctlStatus);
    const name = nameOf({ name: given });
    const app = apps.find((one) => bunctlName(one.name) === name);
    if (app === undefined) throw notFound(name);
    return bunctlStatus(app);
  }

  async #names(): Promise<unknown> {
    return { Data: { data: this.#list((await this.#apps()).map(({ name }) => bunctlName(name))) } };
  }

  async #logs({ name: given, lines }: Record<string, unknown>): Promise<unknown> {
    const apps = await this.#apps();
    const count = lineCount(lines);
    const all = given === null || given === "all";
    const name = all ? "" : nameOf({ name: given });
    const meant = all ? apps : apps.filter((app) => bunctlName(app.name) === name);
    if (meant.length === 0 && !all) throw notFound(name);
    const logs = await Promise.all(meant.map(async (app) => {
      const both = await appLogs(this.#daemon, { root: app.root, names: [app.name], lines: count });
      const of = (stream: string) =>
        both.filter((line) => line.stream === stream).map((line) => bunctlLine(line, Date.now()));
      return [bunctlName(app.name), { errors: of("stderr"), output: of("stdout") }] as const;
    }));
    const [only] = logs;
    return all ? { type: "all", apps: logs } : { type: "single", app: name, logs: only?.[1] };
  }

  async #subscribe(subscription: unknown): Promise<unknown> {
    const kind = readVariant(subscription);
    const types = kind?.name === "StatusEvents"
      ? STATUS_EVENTS
      : kind?.name === "LogEvents"
      ? ["app.log_line"]
      : kind?.name === "AllEvents"
      ? ["app.*"]
      : undefined;
    if (types === undefined) throw new Error("unknown variant of subscription");
    const wanted = readFields(kind?.fields ?? {}, ["app_name"])?.["app_name"];
    const subject = typeof wanted === "string"
      ? (await this.#apps()).find((app) => bunctlName(app.name) === bunctlName(wanted))?.name ?? wanted
      : undefined;
    await this.#endSubscription();
    this.#held = [];
    const { subscription_id: id } = await this.#daemon.request("events.subscribe", {
      types: [...types],
      ...(subject === undefined ? {} : { subject }),
    });
    this.#subscription = id;
    return success("Subscribed to events");
  }

  async #unsubscribe(): Promise<unknown> {
    await this.#endSubscription();
    return success("Unsubscribed from events");
  }

  async #endSubscription(): Promise<void> {
    const id = this.#subscription;
    this.#subscription = undefined;
    this.#held = undefined;
    if (id !== undefined) await this.#daemon.request("events.unsubscribe", { subscription_id: id });
  }

  async #apps(): Promise<AppStatus[]> {
    const { apps } = await this.#daemon.request("app.status", {});
    return apps;
  }
}

function isUp({ state }: AppStatus): boolean {
  return state === "running" || state === "healthy" || state === "unhealthy" || state === "starting";
}

function notFound(name: string): Error {
  return new Error(`App ${cutText(name)} not found`);
}

function nameOf({ name }: Record<string, unknown>): string {
  if (typeof name !== "string") throw new Error("invalid type: name is a string");
  const own = bunctlName(name);
  if (/^\.*$/.test(own)) {
    throw new Error(`Invalid app name "${cutText(name)}": it has no letter and no digit`);
  }
  return own;
}

/** An unsigned number, as serde reads it; 50 for none. */
function lineCount(lines: unknown): number {
  if (lines === null || lines === undefined) return 50;
  if (typeof lines === "number" && Number.isInteger(lines) && lines >= 0) return Math.min(10_000, lines);
  throw new Error("invalid value: lines is a whole number of 0 or more");
}

function readConfig(text: unknown): Record<string, unknown> {
  if (typeof text !== "string") throw new Error("Invalid config: it is no string of JSON");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`Invalid config: ${errorMessage(error)}`);
  }
  return readBunctlConfig(value);
}

function success(message: string): unknown {
  return { Success: { message } };
}
