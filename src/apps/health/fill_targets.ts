import { expandVariables } from "../config/expand_variables.ts";
import type { HealthConfig } from "../config/app_schema.ts";

/** A check with what it asks, as a variable of the app may say it. */
export type FilledHealth = Omit<HealthConfig, "http" | "tcp"> & {
  http?: { url: string; expected_status?: number | undefined } | undefined;
  tcp?: { host: string; port: number } | undefined;
};

/**
 * Fills in the variables of an address, such as the port that haft gave an instance.
 *
 * @param env of the app
 */
export function fillTargets(
  { http, tcp, ...rest }: HealthConfig,
  env: Readonly<Record<string, string>>,
): FilledHealth {
  const fill = (text: string) => expandVariables(text, (name) => env[name]);
  return {
    ...rest,
    http: http === undefined ? undefined : { ...http, url: fill(http.url) },
    tcp: tcp === undefined ? undefined : target(fill(tcp)),
  };
}

/** `HOST:PORT`, `[::1]:PORT`, or a port of this machine. */
function target(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? "127.0.0.1" : host, port: Number(text.slice(colon + 1)) };
}
