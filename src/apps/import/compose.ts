/** The services of a docker-compose file whose commands can run on this machine. */
import { shellQuote } from "../../base/shell_quote.ts";
import { type Draft, filled, type Rules, unlessOff } from "./draft.ts";
import { type Imported, ImportedApps } from "./imported.ts";
import {
  asBinarySize,
  asCount,
  asGoDuration,
  asNumber,
  asSignal,
  asTable,
  asText,
  asTexts,
  asVariables,
  isTable,
  Mismatch,
  type Table,
} from "./values.ts";
import { commandOf, plainDollars } from "./variables.ts";

const CONTAINER = "it is about the container; haft runs the command on this machine";
const NETWORK = "the process has this machine's network";

const TOP: Rules = {
  services: (value) => void value,
  version: (value) => void value,
  name: "a project is named by its directory",
  volumes: CONTAINER,
  networks: NETWORK,
  secrets: CONTAINER,
  configs: CONTAINER,
  include: "import that file, too",
};

const OF_CONTAINERS = [
  "annotations",
  "blkio_config",
  "cgroup",
  "cgroup_parent",
  "cpu_count",
  "cpu_percent",
  "cpu_period",
  "cpu_quota",
  "cpu_rt_period",
  "cpu_rt_runtime",
  "cpu_shares",
  "cpuset",
  "credential_spec",
  "device_cgroup_rules",
  "gpus",
  "isolation",
  "label_file",
  "mem_reservation",
  "mem_swappiness",
  "memswap_limit",
  "models",
  "oom_kill_disable",
  "oom_score_adj",
  "pids_limit",
  "provider",
  "storage_opt",
  "use_api_socket",
  "userns_mode",
  "uts",
];

/** Read together, by `setCommand`. */
const command = filled(() => {});

const SERVICE: Rules = {
  command,
  entrypoint: command,
  image: CONTAINER,
  build: CONTAINER,
  working_dir: filled((value, draft) => {
    const directory = asText(value);
    if (/^(\/|\$\{?[A-Za-z_])/.test(directory)) {
      throw new Mismatch(`"${directory}" is a directory of the container; cwd is the project's`);
    }
    draft.set("cwd", directory);
  }),
  environment: filled((value, draft) =>
    draft.addVariables("environment", asVariables(value), { expands: true, inherits: true })
  ),
  env_file: filled((value, draft) => draft.set("env_file", envFiles(value, draft))),
  depends_on: (value, draft) => setDependencies(value, draft),
  healthcheck: (value, draft) => setHealth(asTable(value), draft),
  restart: (value, draft) => setRestart(value === false ? "no" : asText(value), draft),
  stop_signal: (value, draft) => draft.set("stop_signal", asSignal(value)),
  stop_grace_period: (value, draft) => draft.set("stop_timeout", asGoDuration(value)),
  scale: (value, draft) => setInstances(value, draft),
  mem_limit: (value, draft) => draft.setIn("limits", "memory", asBinarySize(value)),
  cpus: (value, draft) => draft.setIn("limits", "cpu_percent", asNumber(value) * 100),
  deploy: (value, draft) => setDeploy(asTable(value), draft),
  logging: (value, draft) => setLogging(asTable(value), draft),
  user: (value, draft) => {
    const [uid = "", gid] = asText(value).split(":");
    if (!/^\d+$/.test(uid)) throw new Mismatch("haft takes the number of a user");
    draft.set("uid", Number(uid));
    if (gid !== undefined && /^\d+$/.test(gid)) draft.set("gid", Number(gid));
  },
  profiles: (value, draft) => draft.set("profiles", asTexts(value)),
  develop: "name what is watched under watch",
  labels: CONTAINER,
  container_name: CONTAINER,
  hostname: CONTAINER,
  ports: "the process itself binds its port, not one of a container",
  expose: NETWORK,
  networks: NETWORK,
  network_mode: NETWORK,
  extra_hosts: NETWORK,
  dns: NETWORK,
  links: NETWORK,
  volumes: CONTAINER,
  volumes_from: CONTAINER,
  tmpfs: CONTAINER,
  tty: unlessOff("an app has no terminal"),
  stdin_open: unlessOff("an app has no standard input"),
  init: "haft stops whole trees itself",
  privileged: unlessOff(CONTAINER),
  cap_add: CONTAINER,
  cap_drop: CONTAINER,
  security_opt: CONTAINER,
  read_only: unlessOff(CONTAINER),
  ulimits: CONTAINER,
  sysctls: CONTAINER,
  shm_size: CONTAINER,
  platform: CONTAINER,
  pull_policy: CONTAINER,
  secrets: CONTAINER,
  configs: CONTAINER,
  devices: CONTAINER,
  pid: CONTAINER,
  ipc: CONTAINER,
  runtime: CONTAINER,
  domainname: CONTAINER,
  extends: "import the app that it extends, and copy what is missing",
  post_start: filled((value, draft) => draft.set("post_start", hook(value, draft, "post_start"))),
  pre_stop: filled((value, draft) => draft.set("pre_stop", hook(value, draft, "pre_stop"))),
  attach: '"haft app up" shows the output of all that it starts',
  dns_opt: NETWORK,
  dns_search: NETWORK,
  external_links: NETWORK,
  mac_address: NETWORK,
  group_add: "gid sets the group of an app, for root",
  ...Object.fromEntries(OF_CONTAINERS.map((key) => [key, CONTAINER])),
};

export function importCompose(file: Table): Imported {
  const imported = new ImportedApps({ hasVariables: true });
  imported.noteTop(file, TOP, "compose's");
  for (const [name, service] of Object.entries(asTable(file["services"]))) {
    const draft = imported.draft(name);
    if (!isTable(service)) {
      draft.note("", "left out, since it is no table");
      continue;
    }
    // Without restart, compose restarts nothing.
    draft.set("command", undefined);
    draft.set("restart", "no");
    const problem = setCommand(service, draft);
    if (problem !== undefined) {
      draft.note("", `left out, since ${problem}`);
      continue;
    }
    draft.apply(service, SERVICE, { of: "compose's" });
    imported.add(draft);
  }
  return imported.finish();
}

/** @returns why there is none */
function setCommand({ entrypoint, command: words }: Table, draft: Draft): string | undefined {
  try {
    const made = commandOf([entrypoint, words]);
    if (made.length === 0) return "its command is the image's, not one of this machine";
    draft.set("command", made);
    return undefined;
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return `its command cannot be read: ${error.message}`;
  }
}

function envFiles(value: unknown, draft: Draft): string[] {
  return (Array.isArray(value) ? value : [value]).map((file) => {
    if (!isTable(file)) return asText(file);
    if (file["required"] === false) draft.note("env_file", "each file has to be there");
    return asText(file["path"]);
  });
}

/** Commands that compose runs in order, as one of a shell. */
function hook(value: unknown, draft: Draft, key: string): string | string[] {
  const commands = (Array.isArray(value) ? value : [value]).map((one) => {
    const { command, ...rest } = asTable(one);
    for (const other of Object.keys(rest)) {
      draft.note(`${key}.${other}`, "it runs in the app's directory and environment");
    }
    return commandOf([command]);
  });
  if (commands.length === 1) return commands[0] ?? "";
  return commands.map((one) => typeof one === "string" ? one : one.map(shellWord).join(" "))
    .join(" && ");
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word);
}

const CONDITIONS: Readonly<Record<string, string>> = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
};

function setDependencies(value: unknown, draft: Draft): void {
  if (Array.isArray(value)) {
    return draft.set("depends_on", Object.fromEntries(asTexts(value).map((name) => [name, "started"])));
  }
  const dependsOn: Record<string, string> = {};
  for (const [name, one] of Object.entries(asTable(value))) {
    const { condition = "service_started", ...rest } = isTable(one) ? one : {};
    const known = CONDITIONS[String(condition)];
    if (known === undefined) {
      draft.note(`depends_on.${name}`, `"${condition}" is no condition that haft knows`);
    } else dependsOn[name] = known;
    for (const key of Object.keys(rest)) {
      draft.note(`depends_on.${name}.${key}`, "haft waits for it, no more");
    }
  }
  draft.set("depends_on", dependsOn);
}

function setHealth(table: Table, draft: Draft): void {
  const { test, disable, ...rest } = table;
  if (disable === true || test === "NONE" || (Array.isArray(test) && test[0] === "NONE")) return;
  if (test === undefined) throw new Mismatch("the image's own check is not known here");
  const health: Table = {};
  if (!Array.isArray(test)) health["exec"] = plainDollars(asText(test));
  else {
    const [kind, ...words] = asTexts(test);
    health["exec"] = kind === "CMD-SHELL"
      ? plainDollars(words.join(" "))
      : commandOf([kind === "CMD" ? words : [kind, ...words]]);
  }
  draft.apply(rest, {
    interval: (value) => health["interval"] = asGoDuration(value),
    timeout: (value) => health["timeout"] = asGoDuration(value),
    start_period: (value) => health["start_period"] = asGoDuration(value),
    retries: (value) => health["retries"] = asCount(value),
    start_interval: "checks come at one interval",
  }, { prefix: "healthcheck.", of: "compose's" });
  draft.set("health", health);
}

function setRestart(policy: string, draft: Draft): void {
  const [name = "", attempts] = policy.split(":");
  if (!["no", "always", "on-failure", "unless-stopped"].includes(name)) {
    throw new Mismatch(`"${policy}" is no policy that haft knows`);
  }
  draft.set("restart", name);
  if (attempts !== undefined) draft.setIn("backoff", "max_attempts", asNumber(attempts));
}

function setInstances(value: unknown, draft: Draft): void {
  const count = asNumber(value);
  if (count === 0) draft.set("autostart", false);
  else if (count > 1) draft.set("instances", asCount(count));
}

function setDeploy(table: Table, draft: Draft): void {
  draft.apply(table, {
    replicas: (value) => setInstances(value, draft),
    resources: (value) => {
      const { limits, ...rest } = asTable(value);
      if (isTable(limits)) {
        draft.apply(limits, {
          memory: (size) => draft.setIn("limits", "memory", asBinarySize(size)),
          cpus: (count) => draft.setIn("limits", "cpu_percent", asNumber(count) * 100),
          pids: CONTAINER,
        }, { prefix: "deploy.resources.limits.", of: "compose's" });
      }
      for (const key of Object.keys(rest)) draft.note(`deploy.resources.${key}`, CONTAINER);
    },
    restart_policy: (value) => {
      draft.apply(asTable(value), {
        condition: (condition) => setRestart(DEPLOY_RESTART[asText(condition)] ?? asText(condition), draft),
        delay: (pause) => draft.setIn("backoff", "initial", asGoDuration(pause)),
        max_attempts: (count) => draft.setIn("backoff", "max_attempts", asNumber(count)),
        window: (time) => draft.setIn("backoff", "reset_after", asGoDuration(time)),
      }, { prefix: "deploy.restart_policy.", of: "compose's" });
    },
    mode: CONTAINER,
    placement: CONTAINER,
    labels: CONTAINER,
    update_config: CONTAINER,
    rollback_config: CONTAINER,
    endpoint_mode: NETWORK,
  }, { prefix: "deploy.", of: "compose's" });
}

const DEPLOY_RESTART: Readonly<Record<string, string>> = { none: "no", any: "always" };

function setLogging(table: Table, draft: Draft): void {
  const { options, driver } = table;
  if (driver !== undefined && !["json-file", "local"].includes(String(driver))) {
    draft.note("logging.driver", 'haft keeps the logs of each app itself: "haft app logs"');
  }
  if (!isTable(options)) return;
  draft.apply(options, {
    "max-size": (value) => draft.setIn("log", "max_size", asBinarySize(value)),
    "max-file": (value) => draft.setIn("log", "keep", asCount(value)),
  }, { prefix: "logging.options.", of: "compose's" });
}
