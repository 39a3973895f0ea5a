import { ArchiveError } from "./archive_error.ts";

// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f\\\ufffd]/;

/** As the kernel's own limit on links followed in one look-up. */
const MAX_LINKS_FOLLOWED = 40;

/**
 * Refuses the target of a symbolic link that is not a plain relative path.
 * @throws {ArchiveError}
 */
export function checkLinkTarget(entry: string, target: string): void {
  if (target === "") throw new ArchiveError("is a link to nothing", { entry });
  if (UNSAFE.test(target)) {
    throw new ArchiveError("is a link with an unsafe character in its target", { entry });
  }
  if (target.startsWith("/") || /^[a-z]:/i.test(target)) {
    throw new ArchiveError("is a link to an absolute path", { entry });
  }
}

/**
 * Follows a link the way the kernel would, through all the links of the archive, without a file system: exact
 * even for a link whose target does not exist, where `realpath` has no answer.
 *
 * @param links path → target of every symbolic link.
 * @throws {ArchiveError} when the way leads outside or in a circle.
 */
export function followLink(link: string, links: ReadonlyMap<string, string>): string {
  const place: string[] = link.split("/").slice(0, -1);
  const rest = (links.get(link) ?? "").split("/").reverse();
  let followed = 1;
  for (let step = rest.pop(); step !== undefined; step = rest.pop()) {
    if (step === "" || step === ".") continue;
    if (step === "..") {
      if (place.pop() === undefined) {
        throw new ArchiveError("is a link that leaves the directory", { entry: link });
      }
      continue;
    }
    place.push(step);
    const next = links.get(place.join("/"));
    if (next === undefined) continue;
    if (++followed > MAX_LINKS_FOLLOWED) {
      throw new ArchiveError("is a link that leads in a circle", { entry: link });
    }
    place.pop();
    rest.push(...next.split("/").reverse());
  }
  return place.join("/");
}
