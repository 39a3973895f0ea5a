import { realpathSync } from "node:fs";
import { HaftError } from "../../base/errors.ts";
import { runtime } from "../../runtime/mod.ts";
import { ownerOf } from "../../self/owner.ts";

/**
 * The file of this haft, links resolved.
 *
 * @throws {HaftError} when haft runs from its sources
 */
export function ownExecutable(): string {
  const [executable, ...rest] = runtime.selfCommand();
  if (executable === undefined || rest.length > 0) {
    throw new HaftError("This haft runs from its sources, so there is no executable to change", {
      next: "Change the checkout instead",
    });
  }
  return realpathSync(executable);
}

/** @throws {HaftError} naming the command of the package manager that owns `executable` */
export function requireOwn(executable: string): void {
  const owner = ownerOf(executable);
  if (owner.kind === "self") return;
  throw new HaftError(`${executable} belongs to ${owner.name}`, { next: `Run "${owner.update}" instead` });
}
