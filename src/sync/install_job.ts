import * as v from "valibot";
import { HaftError } from "../base/errors.ts";
import { ExitCode } from "../base/exit_code.ts";
import { INSTALL_PROGRESS_EVENT, InstallConfig, type InstallProgress } from "../protocol/install.ts";
import { InstallByName, serdeProgress } from "../protocol/install_by_name.ts";
import { isMessage } from "../protocol/is_message.ts";

/** What a child is to do: all that haft's own parent decided, or a tool by name. */
export type InstallJob = { kind: "whole"; config: InstallConfig } | { kind: "named"; config: InstallByName };

/** How the parent wants to hear of it: in haft's own words, or as serde writes them, in a message or bare. */
export interface Wording {
  whole: boolean;
  enveloped: boolean;
}

/** Before anything is known of the parent. */
export const UNKNOWN_WORDING: Wording = { whole: false, enveloped: false };

export function wordingOf(value: unknown): Wording {
  const config = configIn(value);
  return { whole: isObject(config) && "artifacts" in config, enveloped: isMessage(value) };
}

export function worded(progress: InstallProgress, { whole, enveloped }: Wording): unknown {
  const data = whole ? progress : serdeProgress(progress);
  return enveloped ? { type: "event", event: INSTALL_PROGRESS_EVENT, data } : data;
}

/**
 * @param expected `TOOL@VERSION`, or the tool alone, as the command line has it
 * @throws {HaftError} why the value is no job, or one for something else
 */
export function parseJob(value: unknown, expected?: string): InstallJob {
  const config = configIn(value);
  const job: InstallJob = wordingOf(value).whole
    ? { kind: "whole", config: parse(InstallConfig, config) }
    : { kind: "named", config: parse(InstallByName, config) };
  const { tool_name: tool, version } = job.config;
  if (
    expected === undefined || `${tool}@${version}` === expected || job.kind === "named" && tool === expected
  ) return job;
  throw new HaftError(`The parent sent a job for "${tool}@${version}" instead of "${expected}"`, {
    exitCode: ExitCode.remote,
  });
}

/** A message carries it as its data; serde may have tagged it with its name. */
function configIn(value: unknown): unknown {
  const config = isMessage(value) ? value.data : value;
  return isObject(config) && "InstallConfig" in config ? config["InstallConfig"] : config;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse<Config>(schema: v.GenericSchema<unknown, Config>, value: unknown): Config {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new HaftError(
    `The parent sent a job that this haft does not understand: ${
      v.getDotPath(issue) ?? "it"
    }: ${issue.message}`,
    { exitCode: ExitCode.remote },
  );
}
