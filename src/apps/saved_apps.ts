import * as v from "valibot";
import { errorMessage, HaftError } from "../base/errors.ts";
import { readOrSetAside } from "../base/set_aside.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import type { ProcessKey } from "../process/process_key.ts";
import type { ActionResult } from "./outcome.ts";

const SavedList = v.object({
  version: v.literal(1),
  apps: v.array(v.object({ root: v.string(), name: v.string() })),
});

/** The list of the apps to start again, in a file. */
export class SavedApps {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Empty when nothing was saved, or the file was damaged: then it is set aside. */
  read(): ProcessKey[] {
    return readOrSetAside(this.path, (text) => v.parse(SavedList, JSON.parse(text)))?.apps ?? [];
  }

  /** @throws {HaftError} when an empty list would replace one that is not, without `force` */
  write(apps: readonly ProcessKey[], { force }: { force: boolean }): void {
    const before = this.read();
    if (apps.length === 0 && before.length > 0 && !force) {
      throw new HaftError(`No app is wanted, and the saved list has ${before.length}`, {
        next: 'Run "haft app save --force" to empty it',
      });
    }
    writeAtomic(this.path, JSON.stringify({ version: 1, apps }), { mode: 0o600 });
  }
}

/** Starts apps project by project. One that cannot be started does not keep the others from it. */
export async function restoreApps(
  apps: readonly ProcessKey[],
  start: (selection: { root: string; names: string[] }) => Promise<ActionResult>,
): Promise<ActionResult> {
  const results = await Promise.all(
    [...Map.groupBy(apps, ({ root }) => root)].map(async ([root, keys]) => {
      const names = keys.map(({ name }) => name);
      try {
        return await start({ root, names });
      } catch (error) {
        return { apps: [], outcomes: names.map((name) => ({ name, root, error: errorMessage(error) })) };
      }
    }),
  );
  return {
    apps: results.flatMap(({ apps }) => apps),
    outcomes: results.flatMap(({ outcomes }) => outcomes),
  };
}
