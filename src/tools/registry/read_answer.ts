import * as v from "valibot";
import { type CachedManifest, ServedManifest } from "./package_manifest.ts";
import { isExactVersion } from "./package_name.ts";
import { pickManifest, ServedPackument } from "./packument.ts";
import { RegistryAnswerError } from "./registry_error.ts";

/**
 * A manifest from an answer that holds one, or the whole package: some registries serve that at any address below it.
 * @throws {RegistryAnswerError}
 */
export function readManifest(
  json: unknown,
  { name, versionOrTag, url }: { name: string; versionOrTag: string; url: string },
): CachedManifest {
  const parsed = v.safeParse(ServedManifest, json);
  const manifest = parsed.success ? parsed.output : fromWhole(json, versionOrTag);
  if (manifest === undefined) {
    throw new RegistryAnswerError(
      `The registry's answer for ${name}@${versionOrTag} is no manifest (${url})`,
    );
  }
  // A signature covers what the manifest calls itself: it must be what was asked for.
  if (manifest.name !== name || (isExactVersion(versionOrTag) && manifest.version !== versionOrTag)) {
    throw new RegistryAnswerError(
      `The registry answered for ${name}@${versionOrTag} with ${manifest.name}@${manifest.version}`,
    );
  }
  return manifest;
}

function fromWhole(json: unknown, versionOrTag: string): CachedManifest | undefined {
  const whole = v.safeParse(ServedPackument, json);
  return whole.success ? pickManifest(whole.output, versionOrTag) : undefined;
}

/** @throws {RegistryAnswerError} */
export function readPackument(json: unknown, { name, url }: { name: string; url: string }): ServedPackument {
  const parsed = v.safeParse(ServedPackument, json);
  if (!parsed.success) {
    throw new RegistryAnswerError(`The registry's answer for ${name} is no package (${url})`);
  }
  if (parsed.output.name !== name) {
    throw new RegistryAnswerError(`The registry answered for ${name} with ${parsed.output.name}`);
  }
  return parsed.output;
}
