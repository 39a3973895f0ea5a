import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { Buffer } from "node:buffer";
import { isExecutableName } from "../sources/build.ts";

/** Publishers name programs for their system: `tool-v1.2-linux-amd64` is the program `tool`. */
const PLATFORM_SUFFIX =
  /[-_.](?:v?\d[\w.]*[-_.])?(?:linux|darwin|macos|windows|win32|win64|x86_64|amd64|arm64|aarch64|unknown|apple|pc)([-_.].*)?$/i;

/** Directories that hold programs by custom. */
const PROGRAM_DIRECTORY = /(^|\/)(bin|[^/]+\.data\/scripts)$/;
/** How deep a program may lie in a tree without such a directory: beside the licence, or in one folder. */
const MAX_DEPTH = 2;

/**
 * The programs of a tree that no catalogue entry describes: files that the system itself can start, in a
 * directory for programs, or at the top. Shared libraries are left out.
 *
 * @returns name → path below the root
 */
export function foundExecutables(root: string): Record<string, string> {
  const all = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1).replaceAll("\\", "/"))
    .sort();
  const custom = all.filter((path) => PROGRAM_DIRECTORY.test(path.slice(0, path.lastIndexOf("/"))));
  const shallow = all.filter((path) => path.split("/").length <= MAX_DEPTH);
  for (const candidates of [custom, shallow]) {
    const found = Object.fromEntries(
      candidates.filter((path) => isNative(join(root, path))).flatMap((path) => {
        const name = basename(path).replace(/\.exe$/i, "").replace(PLATFORM_SUFFIX, "");
        return isExecutableName(name) ? [[name, path] as const] : [];
      }),
    );
    if (Object.keys(found).length > 0) return found;
  }
  return {};
}

/** ELF, Mach-O or PE, and no library. */
function isNative(path: string): boolean {
  if (/\.(so|dylib|dll|node|pyd|a|o)(\.|$)/i.test(basename(path))) return false;
  const head = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    if (readSync(file, head, 0, 4, 0) < 4) return false;
  } finally {
    closeSync(file);
  }
  const magic = head.readUInt32BE(0);
  return magic === 0x7f454c46 || head.readUInt16BE(0) === 0x4d5a ||
    [0xcffaedfe, 0xcefaedfe, 0xcafebabe].includes(magic);
}
