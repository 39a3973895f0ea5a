import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { envValue } from "../../base/env.ts";
import { HttpError } from "../http/http_error.ts";
import type { Documents } from "./metadata_client.ts";
import type { RegistryUser } from "./registry_types.ts";

export interface GithubContext {
  documents: Documents;
  user: RegistryUser;
  signal?: AbortSignal | undefined;
}

const Release = v.object({
  tag_name: v.string(),
  draft: v.optional(v.boolean(), false),
  prerelease: v.optional(v.boolean(), false),
  assets: v.array(v.object({ name: v.string(), digest: v.optional(v.nullable(v.string()), null) })),
});
export type Release = v.InferOutput<typeof Release>;

const Releases = v.array(Release);

const Repositories = v.array(v.object({
  full_name: v.string(),
  description: v.optional(v.nullable(v.string())),
}));

/** The repositories that GitHub finds for a text, the best first. */
export async function searchRepositories(
  text: string,
  { documents, user, signal }: GithubContext,
): Promise<v.InferOutput<typeof Repositories>> {
  return await askGithub(documents, user, {
    url: `${apiOf(user)}/search/repositories?q=${encodeURIComponent(text)}&per_page=20`,
    headers: authorization(user),
    accept: "application/vnd.github+json",
    immutable: false,
    schema: Repositories,
    parse: (json) => v.parse(v.object({ items: Repositories }), json).items,
    signal,
  }) ?? [];
}

/** A question to the API, whose failures have GitHub's own next steps. */
async function askGithub<T>(
  documents: Documents,
  user: RegistryUser,
  question: Parameters<typeof documents.get<T>>[0],
): Promise<T | undefined> {
  try {
    return await documents.get(question);
  } catch (error) {
    const next = error instanceof HttpError ? nextStep(error, user) : undefined;
    throw error instanceof HttpError && next !== undefined ? error.withNext(next) : error;
  }
}

function nextStep({ kind, status }: HttpError, user: RegistryUser): string | undefined {
  const hasToken = Object.keys(authorization(user)).length > 0;
  if (kind === "not-json" || kind === "not-text") {
    return "Check GITHUB_API_URL, and whether a proxy or a login page answers in GitHub's place";
  }
  if (status === 401) {
    return "GitHub refuses the token of GITHUB_TOKEN, GH_TOKEN or gh: renew it, or unset it for public repositories";
  }
  if (status === 429) {
    return hasToken
      ? "Try again later"
      : "Try again later, or set GITHUB_TOKEN, which has a larger limit of its own";
  }
  return undefined;
}

function apiOf({ env }: RegistryUser): string {
  return (envValue(env, "GITHUB_API_URL") ?? "https://api.github.com").replace(/\/$/, "");
}

/**
 * The newest hundred releases of a repository, drafts left out.
 * @returns undefined when there is no such repository, or it is not the user's to see
 */
export async function releasesOf(repo: string, context: GithubContext): Promise<Release[] | undefined> {
  const found = await askGithub(context.documents, context.user, {
    url: `${apiOf(context.user)}/repos/${repo}/releases?per_page=100`,
    headers: authorization(context.user),
    accept: "application/vnd.github+json",
    immutable: false,
    schema: Releases,
    parse: (json) => v.parse(Releases, json),
    signal: context.signal,
  });
  return found?.filter(({ draft }) => !draft);
}

/** A small text among a release's assets, such as its checksums. */
export async function assetText(
  repo: string,
  { tag, name }: { tag: string; name: string },
  { documents, user, signal }: GithubContext,
): Promise<string | undefined> {
  return await documents.get({
    url: assetUrl(repo, { tag, name }, user),
    headers: {},
    accept: "*/*",
    immutable: true,
    read: "text",
    schema: v.string(),
    parse: String,
    signal,
  });
}

/** Where an asset is downloaded. It takes no question to the API, so that a complete lock needs none. */
export function assetUrl(
  repo: string,
  { tag, name }: { tag: string; name: string },
  { env }: RegistryUser,
): string {
  const server = (envValue(env, "GITHUB_SERVER_URL") ?? "https://github.com").replace(/\/$/, "");
  const path = tag.split("/").map(encodeURIComponent).join("/");
  return `${server}/${repo}/releases/download/${path}/${encodeURIComponent(name)}`;
}

/** The user's token, for the API alone: a variable, or what `gh auth login` keeps. */
function authorization(user: RegistryUser): Record<string, string> {
  const token = envValue(user.env, "GITHUB_TOKEN") ?? envValue(user.env, "GH_TOKEN") ?? ghToken(user);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function ghToken({ env, home }: RegistryUser): string | undefined {
  const directory = envValue(env, "GH_CONFIG_DIR") ??
    join(envValue(env, "XDG_CONFIG_HOME") ?? join(home, ".config"), "gh");
  try {
    const text = readFileSync(join(directory, "hosts.yml"), "utf8");
    const host = /^github\.com:\n((?:[ \t].*\n?)*)/m.exec(text)?.[1] ?? "";
    return /^\s+oauth_token:\s*(\S+)/m.exec(host)?.[1];
  } catch {
    // gh was never used.
    return undefined;
  }
}
