import * as v from "valibot";
import { splitWords } from "./split_words.ts";

/** serde takes a missing field for null. */
const maybe = <const Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema);

/** A Rust `Duration`. */
const RustDuration = v.object({ secs: v.number(), nanos: v.optional(v.number(), 0) });
type RustDuration = v.InferOutput<typeof RustDuration>;

const HealthCheck = v.strictObject({
  check_type: v.variant("type", [
    v.object({ type: v.literal("http"), url: v.string(), expected_status: maybe(v.number()) }),
    v.object({ type: v.literal("tcp"), host: v.string(), port: v.number() }),
    v.object({ type: v.literal("exec"), command: v.string(), args: maybe(v.array(v.string())) }),
  ]),
  interval: maybe(RustDuration),
  timeout: maybe(RustDuration),
  retries: maybe(v.number()),
  start_period: maybe(RustDuration),
});

/** bunctl's AppConfig. Unknown fields are refused, as it does. */
export const BunctlConfig = v.strictObject({
  name: v.string(),
  command: v.string(),
  args: maybe(v.array(v.string())),
  cwd: maybe(v.string()),
  env: maybe(v.record(v.string(), v.string())),
  auto_start: maybe(v.boolean()),
  restart_policy: maybe(v.picklist(["no", "always", "on-failure", "unless-stopped"])),
  /** Bytes. */
  max_memory: maybe(v.number()),
  max_cpu_percent: maybe(v.number()),
  uid: maybe(v.number()),
  gid: maybe(v.number()),
  stdout_log: maybe(v.string()),
  stderr_log: maybe(v.string()),
  combined_log: maybe(v.string()),
  log_max_size: maybe(v.number()),
  log_max_files: maybe(v.number()),
  health_check: maybe(HealthCheck),
  stop_timeout: maybe(RustDuration),
  kill_timeout: maybe(RustDuration),
  backoff: maybe(v.strictObject({
    base_delay_ms: maybe(v.number()),
    max_delay_ms: maybe(v.number()),
    multiplier: maybe(v.number()),
    jitter: maybe(v.number()),
    max_attempts: maybe(v.number()),
    exhausted_action: maybe(v.picklist(["stop", "remove"])),
  })),
});
export type BunctlConfig = v.InferOutput<typeof BunctlConfig>;

/**
 * Reads an app of bunctl's own.
 *
 * @throws {Error} naming the field
 */
export function readBunctlConfig(value: unknown): Record<string, unknown> {
  const config = v.safeParse(BunctlConfig, value);
  if (config.success) return toAppTable(config.output);
  const [issue] = config.issues;
  throw new Error(`Invalid config: ${v.getDotPath(issue) ?? ""}: ${issue.message}`);
}

/** The same as the content of an `[apps.NAME]`. Fields that are absent or null are left to their defaults. */
export function toAppTable(config: BunctlConfig): Record<string, unknown> {
  const { health_check: health, backoff } = config;
  const args = config.args ?? [];
  return present({
    command: args.length === 0 ? bunctlWords(config.command) : [config.command],
    args: args.length === 0 ? undefined : args,
    cwd: config.cwd,
    env: config.env,
    autostart: config.auto_start,
    restart: config.restart_policy,
    uid: config.uid,
    gid: config.gid,
    stop_timeout: duration(config.stop_timeout ?? config.kill_timeout),
    limits: nonEmpty(present({
      memory: config.max_memory === null || config.max_memory === undefined
        ? undefined
        : `${config.max_memory}B`,
      cpu_percent: config.max_cpu_percent,
    })),
    log: nonEmpty(present({
      max_size: config.log_max_size === null || config.log_max_size === undefined
        ? undefined
        : `${config.log_max_size}B`,
      keep: config.log_max_files,
    })),
    backoff: backoff === null || backoff === undefined ? undefined : present({
      initial: milliseconds(backoff.base_delay_ms),
      max: milliseconds(backoff.max_delay_ms),
      multiplier: backoff.multiplier,
      jitter: backoff.jitter,
      max_attempts: backoff.max_attempts,
      exhausted: backoff.exhausted_action,
    }),
    health: health === null || health === undefined ? undefined : present({
      ...healthTarget(health.check_type),
      interval: duration(health.interval),
      timeout: duration(health.timeout),
      retries: health.retries,
      start_period: duration(health.start_period),
    }),
  });
}

function healthTarget(check: v.InferOutput<typeof HealthCheck>["check_type"]): Record<string, unknown> {
  switch (check.type) {
    case "http":
      return { http: present({ url: check.url, expected_status: check.expected_status }) };
    case "tcp":
      return { tcp: `${check.host}:${check.port}` };
    case "exec":
      return { exec: [check.command, ...check.args ?? []] };
  }
}

function duration(value: RustDuration | null | undefined): string | undefined {
  return value === null || value === undefined
    ? undefined
    : milliseconds(value.secs * 1000 + value.nanos / 1e6);
}

function milliseconds(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : `${Math.round(value)}ms`;
}

function present(table: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).filter(([, value]) => value !== null && value !== undefined),
  );
}

function nonEmpty(table: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(table).length === 0 ? undefined : table;
}

/** Without arguments, a command with spaces is words in one text, and no shell runs it. */
function bunctlWords(command: string): string[] {
  return command.includes(" ") ? splitWords(command) ?? [command] : [command];
}
