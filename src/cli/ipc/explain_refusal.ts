import type { DaemonClient } from "../../client/daemon_client.ts";
import { RequestError } from "../../protocol/wire_error.ts";
import { didYouMean, nearestNames } from "../../tools/versions/nearest.ts";

/**
 * The daemon's refusal of a method or of its parameters, with what it knows instead; any other error as it
 * is.
 *
 * @param method the one that was called
 */
export async function explainRefusal(
  error: unknown,
  { daemon, method }: { daemon: DaemonClient; method: string },
): Promise<unknown> {
  if (!(error instanceof RequestError)) return error;
  const known = typeof error.data === "object" && error.data !== null ? error.data : {};
  if ("next" in known) return error;
  const next = error.errorName === "method_not_found"
    ? await nearestMethod(daemon, method)
    : error.errorName === "invalid_params"
    ? await parametersOf(daemon, method)
    : undefined;
  return next === undefined
    ? error
    : new RequestError(error.errorName, error.message, { data: { ...known, next } });
}

async function nearestMethod(daemon: DaemonClient, method: string): Promise<string> {
  const { methods } = await daemon.request("daemon.describe", {});
  return didYouMean(nearestNames(method, Object.keys(methods))) ??
    'Run "haft ipc-send --list" for the methods';
}

async function parametersOf(daemon: DaemonClient, method: string): Promise<string | undefined> {
  const { methods } = await daemon.request("daemon.describe", { method });
  const { properties = {}, required = [] } = shapeOf(methods[method]?.params);
  const names = Object.keys(properties).map((name) => required.includes(name) ? `${name} (required)` : name);
  return names.length === 0
    ? `"${method}" takes no parameters`
    : `"${method}" takes ${names.join(", ")}; "haft ipc-send --describe ${method}" says more`;
}

/** What of a JSON Schema names an object's members. */
function shapeOf(schema: unknown): { properties?: Record<string, unknown>; required?: readonly unknown[] } {
  if (typeof schema !== "object" || schema === null) return {};
  const properties = "properties" in schema ? schema.properties : undefined;
  const required = "required" in schema ? schema.required : undefined;
  return {
    ...(typeof properties === "object" && properties !== null ? { properties: { ...properties } } : {}),
    ...(Array.isArray(required) ? { required } : {}),
  };
}
