/**
 * Which hosts of a fleet are meant: `web1`, `web1,web2`, `role=web,zone=a` or `*`; and the project's
 * directory there, after a colon.
 */
import * as v from "valibot";

export interface HostSelection {
  /** These hosts; empty: any that has the labels. */
  names: string[];
  labels: Record<string, string>;
  /** Undefined for the one of the same path as here; `~/` is the home of the host's user. */
  directory: string | undefined;
}

const NAMES = /^[a-z0-9][a-z0-9_-]*$/;
/** Absolute, or below the host's user's home. */
const DIRECTORY = /^(\/|~\/|[A-Za-z]:[\\/])/;
const LABEL = /^([^=]+)=([^=]+)$/;

/** Whether a host can find a directory by this text alone. */
export function isDirectoryThere(text: string): boolean {
  return DIRECTORY.test(text);
}

/** @returns undefined when the text names no hosts */
export function parseHostSelection(text: string): HostSelection | undefined {
  const colon = text.indexOf(":");
  const [who, directory] = colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
  if (directory !== undefined && !isDirectoryThere(directory)) return undefined;
  if (who === "*") return { names: [], labels: {}, directory };
  const parts = who.split(",");
  if (parts.every((part) => NAMES.test(part))) return { names: [...new Set(parts)], labels: {}, directory };
  const labels: Record<string, string> = {};
  for (const part of parts) {
    const [, key, value] = LABEL.exec(part) ?? [];
    if (key === undefined || value === undefined) return undefined;
    labels[key] = value;
  }
  return { names: [], labels, directory };
}

/** The same as a person writes it, without the directory. */
export function hostSelectionText({ names, labels }: Omit<HostSelection, "directory">): string {
  if (names.length > 0) return names.join(",");
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "*" : pairs.join(",");
}

export function selectsHost(
  { names, labels }: Omit<HostSelection, "directory">,
  host: { host: string; labels: Readonly<Record<string, string>> },
): boolean {
  if (names.length > 0) return names.includes(host.host);
  return Object.entries(labels).every(([key, value]) => host.labels[key] === value);
}

/** As a manifest writes it. */
export const HostSelectionText = v.pipe(
  v.string(),
  v.check(
    (text) => parseHostSelection(text) !== undefined,
    'hosts of the fleet such as "web1,web2", "role=web" or "role=web:/srv/web"',
  ),
);
