import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The directories whose files of other programs a directory sees, the nearest first: itself and those above
 * it, up to the outermost project or the repository's own directory, whichever is higher.
 *
 * @param projects those of haft.toml that it sees, nearest first
 */
export function foreignDirectories(directory: string, projects: readonly { root: string }[]): string[] {
  const above: string[] = [directory];
  for (let at = directory; dirname(at) !== at;) above.push(at = dirname(at));
  const repository = above.findIndex((one) => existsSync(join(one, ".git")));
  const outermost = above.indexOf(projects.at(-1)?.root ?? directory);
  return above.slice(0, Math.max(repository, outermost, 0) + 1);
}
