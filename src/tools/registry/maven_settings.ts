import * as v from "valibot";
import { type Env, envValue } from "../../base/env.ts";

/** A repository's address, with `/` at its end, and the credentials for it. */
export interface MavenRepository {
  url: string;
  headers: Record<string, string>;
}

/** The id that Maven gives the public repository. */
const PUBLIC = "central";

const Text = v.optional(v.string(), "");
const list = <Item extends v.GenericSchema>(key: string, item: Item) =>
  v.optional(
    v.pipe(
      v.unknown(),
      v.transform((value): unknown[] =>
        typeof value === "object" && value !== null && key in value ? [Reflect.get(value, key)].flat() : []
      ),
      v.array(item),
    ),
    "",
  );
const Repository = v.object({ id: Text, url: Text });
const Settings = v.object({
  settings: v.object({
    mirrors: list("mirror", v.object({ id: Text, url: Text, mirrorOf: Text, blocked: Text })),
    servers: list("server", v.object({ id: Text, username: Text, password: Text })),
    profiles: list(
      "profile",
      v.object({
        id: Text,
        activation: v.optional(v.unknown()),
        repositories: list("repository", Repository),
      }),
    ),
    activeProfiles: list("activeProfile", v.string()),
  }),
});

/**
 * What a settings.xml puts in place of the public repository: a mirror of it, else a repository of its id in
 * a profile that is active.
 */
export async function settingsRepository(text: string, env: Env): Promise<MavenRepository | undefined> {
  const { XMLParser } = await import("fast-xml-parser");
  const parsed = v.safeParse(Settings, read(() => new XMLParser({ parseTagValue: false }).parse(text)));
  // What is wrong in it is for Maven to tell.
  if (!parsed.success) return undefined;
  const { mirrors, servers, profiles, activeProfiles } = parsed.output.settings;
  const mirror = mirrors.find(({ mirrorOf, blocked }) => blocked !== "true" && standsForPublic(mirrorOf));
  const repository = mirror ?? profiles
    .filter(({ id, activation }) => activeProfiles.includes(id) || isActive(activation))
    .flatMap(({ repositories }) => repositories).find(({ id }) => id === PUBLIC);
  const url = filled(repository?.url ?? "", env);
  if (repository === undefined || !/^https?:\/\//.test(url)) return undefined;
  const server = servers.find(({ id }) => id === repository.id);
  return { url: url.endsWith("/") ? url : `${url}/`, headers: credentials(server, env) };
}

/** `*`, `external:*` and lists; `!central` takes it out again. */
function standsForPublic(mirrorOf: string): boolean {
  const words = mirrorOf.split(",").map((word) => word.trim());
  if (words.includes(`!${PUBLIC}`)) return false;
  return [PUBLIC, "*", "external:*"].some((word) => words.includes(word));
}

function isActive(activation: unknown): boolean {
  return v.is(v.object({ activeByDefault: v.literal("true") }), activation);
}

/** None for a password that Maven keeps encrypted. */
function credentials(
  server: { username: string; password: string } | undefined,
  env: Env,
): Record<string, string> {
  if (server === undefined || server.username === "" || /^\{.*\}$/.test(server.password)) return {};
  const text = `${filled(server.username, env)}:${filled(server.password, env)}`;
  return { authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}` };
}

/** `${env.NAME}` as the variable's value. */
function filled(text: string, env: Env): string {
  return text.trim().replaceAll(
    /\$\{env\.([A-Za-z0-9_]+)\}/g,
    (_, name: string) => envValue(env, name) ?? "",
  );
}

function read(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
