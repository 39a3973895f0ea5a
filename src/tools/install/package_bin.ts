import { basename } from "node:path";
import * as v from "valibot";
import { entryPath } from "../archive/entry_path.ts";

const PackageBin = v.object({
  name: v.string(),
  bin: v.optional(v.union([v.string(), v.record(v.string(), v.string())])),
});

/**
 * The executables that a package declares: name → path below the install directory. npm reads `bin` the same
 * way: a single path is named for the package without its scope.
 *
 * @param text the package's package.json.
 * @throws when it is malformed, or a name or a path in it could mean a place outside.
 */
export function packageBin(text: string, { below }: { below: string }): Record<string, string> {
  const { name, bin = {} } = v.parse(PackageBin, JSON.parse(text));
  const declared = typeof bin === "string" ? { [basename(name)]: bin } : bin;
  return Object.fromEntries(
    Object.entries(declared).map(([executable, path]) => {
      const [only = "", ...more] = entryPath(executable, { platform: "win32" });
      if (more.length > 0 || only === "") {
        throw new Error(`${JSON.stringify(executable)} cannot name an executable`);
      }
      return [only, [below, ...entryPath(path, { platform: "win32" })].join("/")];
    }),
  );
}
