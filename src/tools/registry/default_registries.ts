import { exportsOf } from "../../base/commonjs.ts";

/**
 * Where registries are when their clients' configuration does not say: what a library knows, so that no
 * address stands in haft's own files.
 */
export type DefaultRegistry = "pypi" | "golang" | "maven" | "cargo";

/** Each with a made-up package and what of its address comes behind the registry's. */
const PROBES: Readonly<Record<DefaultRegistry, readonly [purl: string, rest: string]>> = {
  pypi: ["pkg:pypi/a@1", "a/"],
  golang: ["pkg:golang/a.example/b@v1.0.0", "a.example/b/@v/v1.0.0.zip"],
  maven: ["pkg:maven/a/b@1", "a/b/1/b-1.jar"],
  cargo: ["pkg:cargo/a@1.0.0", "api/v1/crates/a/1.0.0/download"],
};

/** The address of a registry, with `/` at its end. */
export async function defaultRegistry(type: DefaultRegistry): Promise<string> {
  const { PackageURL, UrlConverter } = exportsOf(await import("@socketregistry/packageurl-js"));
  const [purl, rest] = PROBES[type];
  const url = UrlConverter.toDownloadUrl(PackageURL.fromString(purl))?.url ?? "";
  if (!url.endsWith(rest)) throw new Error(`No default address is known for ${type}`);
  return url.slice(0, -rest.length);
}
