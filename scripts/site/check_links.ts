import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * @param base the path that the site is published under
 * @returns every link inside the built site that leads nowhere, as `page: link`
 */
export function deadLinks(site: string, base: string): string[] {
  const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".html")
  );
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (path: string) => {
    const known = anchors.get(path) ??
      new Set([...readFileSync(path, "utf8").matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decoded(id ?? "")));
    anchors.set(path, known);
    return known;
  };
  return pages.flatMap((page) => {
    const path = join(site, page);
    const links = [...readFileSync(path, "utf8").matchAll(/<a\s[^>]*?href="([^"]+)"/g)].map(([, href]) =>
      href ?? ""
    );
    return [...new Set(links)].filter((href) => !leadsSomewhere(href, { site, base, path, anchorsOf }))
      .map((href) => `${relative(site, path)}: ${href}`);
  });
}

function leadsSomewhere(
  href: string,
  { site, base, path, anchorsOf }: {
    site: string;
    base: string;
    path: string;
    anchorsOf: (path: string) => Set<string>;
  },
): boolean {
  if (/^[a-z]+:/.test(href)) return true;
  const [file = "", anchor = ""] = decoded(href.replaceAll("&amp;", "&")).split("#");
  if (file.startsWith("/") && !file.startsWith(base)) return false;
  const target = file === ""
    ? path
    : file.startsWith("/")
    ? join(site, file.slice(base.length))
    : join(dirname(path), file);
  const found = [target, `${target}.html`, join(target, "index.html")]
    .find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  if (found === undefined) return false;
  return anchor === "" || !found.endsWith(".html") || anchorsOf(found).has(anchor);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
