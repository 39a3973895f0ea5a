export interface VersionChoice {
  /** What is written to haft.toml. */
  request: string;
  /** What it is now. */
  detail: string;
  kind: "present" | "range" | "version";
  installed: boolean;
}

export interface KnownVersions {
  /** What haft.toml asks for. */
  requested: string | undefined;
  /** Both oldest first, as the daemon gives them. */
  installed: readonly string[];
  /** Undefined while the source is being asked. */
  available: readonly string[] | undefined;
  /** Version → the day it was published, where the source tells. */
  dates?: Readonly<Record<string, string>> | undefined;
}

/** Ranges offered, newest first: each major, and below 1.0 each minor. */
const MOST_RANGES = 8;
const MOST_VERSIONS = 500;

/** What a version picker offers: what is asked for, ranges, "latest", then every stable version. */
export function versionChoices(
  { requested, installed, available, dates = {} }: KnownVersions,
): VersionChoice[] {
  const has = new Set(installed);
  const newestFirst = [...available ?? installed].reverse().filter(isStable);
  const [newest] = newestFirst;
  const dated = (version: string) => {
    const date = dates[version];
    return date === undefined ? version : `${version} of ${date}`;
  };
  const choices = new Map<string, VersionChoice>();
  const add = (choice: VersionChoice) => {
    if (!choices.has(choice.request)) choices.set(choice.request, choice);
  };
  if (requested !== undefined) {
    const now = newestFirst.find((version) => isWithin(requested, version));
    add({
      request: requested,
      detail: now === undefined || now === requested
        ? "as haft.toml has it"
        : `as haft.toml has it, now ${dated(now)}`,
      kind: "present",
      installed: now !== undefined && has.has(now),
    });
  }
  const ranges = new Map<string, string>();
  for (const version of newestFirst) {
    const range = rangeOf(version);
    if (!ranges.has(range)) ranges.set(range, version);
  }
  for (const [range, now] of [...ranges].slice(0, MOST_RANGES)) {
    add({
      request: range,
      detail: `newest ${range}, now ${dated(now)}`,
      kind: "range",
      installed: has.has(now),
    });
  }
  if (newest !== undefined) {
    add({ request: "latest", detail: `now ${dated(newest)}`, kind: "range", installed: has.has(newest) });
  }
  for (const version of newestFirst.slice(0, MOST_VERSIONS)) {
    add({
      request: version,
      detail: [dates[version], has.has(version) ? "installed" : undefined].filter((text) =>
        text !== undefined
      )
        .join(", "),
      kind: "version",
      installed: has.has(version),
    });
  }
  return [...choices.values()];
}

function rangeOf(version: string): string {
  const [major = "", minor = ""] = version.split(".");
  return major === "0" ? `0.${minor}` : major;
}

/** Pre-releases are typed, not picked. */
function isStable(version: string): boolean {
  return !version.includes("-");
}

function isWithin(request: string, version: string): boolean {
  return request === "latest" || version === request || version.startsWith(`${request}.`);
}
