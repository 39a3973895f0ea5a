import { looseVersion } from "../versions/loose_version.ts";
import { tryParseVersionRequest } from "../versions/version_request.ts";
import { type Platform, platformParts } from "../platform.ts";
import type { HttpBuild } from "./http_entry.ts";

/** What a listing tells of a version: its text as the publisher writes it, and the groups of a match. */
export type Facts = Readonly<Record<string, string>> & { readonly version: string };

/** One component of a path, or a part of one: a list of versions cannot lead out of a template's folder. */
const FACT = "[A-Za-z0-9][A-Za-z0-9._+~-]*";

export function isFact(text: string): boolean {
  return new RegExp(`^${FACT}$`).test(text);
}

/** The semantic version of a publisher's text; undefined when it has none. */
export function versionOf(text: string): string | undefined {
  const request = tryParseVersionRequest(text);
  return request?.kind === "exact" ? request.version : looseVersion(text);
}

/** The address of a version's artifact on a platform; undefined when the build is not for the platform. */
export function artifactUrl(build: HttpBuild, facts: Facts, platform: Platform): string | undefined {
  const words = platformWords(build, platform);
  return words === undefined ? undefined : fill(build.url, { ...facts, ...words });
}

/**
 * The facts that lead to an address; undefined when the build's template cannot make it for the platform.
 */
export function factsOf(build: HttpBuild, url: string, platform: Platform): Facts | undefined {
  const words = platformWords(build, platform);
  if (words === undefined) return undefined;
  const seen = new Set<string>();
  const pattern = build.url.split(/(\{\w+\})/).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    const known = name === undefined ? part : words[name];
    if (known !== undefined) return known.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    if (seen.has(name ?? "")) return `\\k<${name}>`;
    seen.add(name ?? "");
    return `(?<${name}>${FACT})`;
  }).join("");
  const { version, ...groups } = new RegExp(`^${pattern}$`).exec(url)?.groups ?? {};
  return version === undefined ? undefined : { ...groups, version };
}

/** Whether a template needs nothing of a listing but the version. */
export function needsVersionAlone({ url }: Pick<HttpBuild, "url">): boolean {
  return [...url.matchAll(/\{(\w+)\}/g)].every(([, name = ""]) =>
    ["version", "os", "arch", "libc", "ext", "exe", "platform"].includes(name)
  );
}

/** Fills `{name}`; a name without a value stays. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** The folder of everything that a template can make. */
export function templateFolder(template: string): string {
  const [fixed = ""] = template.split("{");
  return fixed.slice(0, fixed.lastIndexOf("/") + 1);
}

/** The file's name in an address, as checksum files write it. */
export function fileName(url: string): string {
  const name = url.slice(url.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function platformWords(build: HttpBuild, platform: Platform): Record<string, string> | undefined {
  const word = build.platforms === undefined ? platform : build.platforms[platform];
  if (word === undefined) return undefined;
  const { os, cpu, libc = "" } = platformParts(platform);
  const map = (words: Readonly<Record<string, string | undefined>> | undefined, own: string) =>
    words?.[own] ?? own;
  return {
    platform: word,
    os: map(build.os, os),
    arch: map(build.arch, cpu),
    libc: map(build.libc, libc),
    ext: build.ext?.[os === "win32" ? "win32" : os === "darwin" ? "darwin" : "linux"] ??
      (os === "win32" ? "zip" : "tar.gz"),
    exe: os === "win32" ? ".exe" : "",
  };
}
