import { basename } from "node:path";
import * as v from "valibot";
import { HaftError } from "../../base/errors.ts";
import { isExecutableName } from "../sources/build.ts";
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
      if (!isExecutableName(executable)) {
        throw new HaftError(
          `The package has an executable with an unsafe name: ${JSON.stringify(executable)}`,
          {
            next: "Do not install it, or choose another version",
          },
        );
      }
      return [executable, [below, ...entryPath(path, { platform: "win32" })].join("/")];
    }),
  );
}
