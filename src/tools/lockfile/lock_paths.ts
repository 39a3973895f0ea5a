import { dirname, join } from "node:path";

/**
 * Where the installer of JavaScript packages keeps its own lock for one tool: beside `haft.lock`, in
 * `haft.lock.d/<store id>.bun.lock`. It pins the dependencies, as haft.lock pins the package; commit both.
 * @param storeId see `storeId()` in request.ts
 */
export function dependenciesLockPath(lockPath: string, storeId: string): string {
  return join(dirname(lockPath), "haft.lock.d", `${storeId}.bun.lock`);
}
