import { dirname, join } from "node:path";
import type { Tool } from "./project.ts";

/** Some extensions take a list of paths, and use the first that works. */
export type SettingValue = string | readonly string[];

/** Where a setting gets its value from: an executable of the project, or a file below a tool's directory. */
type From =
  | { executable: string; value?: (executable: string) => SettingValue }
  | { tool: string; directory: string; has: string };

interface Known {
  extension: string;
  setting: string;
  from: From;
}

/** `…/bin/go` → `…` */
const home = (executable: string) => dirname(dirname(executable));
const listed = (executable: string) => [executable];

const KNOWN: readonly Known[] = [
  {
    extension: "ms-python.python",
    setting: "python.defaultInterpreterPath",
    from: { executable: "python3" },
  },
  {
    extension: "charliermarsh.ruff",
    setting: "ruff.interpreter",
    from: { executable: "python3", value: listed },
  },
  { extension: "charliermarsh.ruff", setting: "ruff.path", from: { executable: "ruff", value: listed } },
  { extension: "golang.go", setting: "go.goroot", from: { executable: "go", value: home } },
  { extension: "denoland.vscode-deno", setting: "deno.path", from: { executable: "deno" } },
  { extension: "oven.bun-vscode", setting: "bun.runtime", from: { executable: "bun" } },
  { extension: "biomejs.biome", setting: "biome.lsp.bin", from: { executable: "biome" } },
  {
    extension: "vscode.typescript-language-features",
    setting: "typescript.tsdk",
    // TypeScript 7 has none.
    from: { tool: "typescript", directory: "node_modules/typescript/lib", has: "tsserver.js" },
  },
  {
    extension: "rust-lang.rust-analyzer",
    setting: "rust-analyzer.server.path",
    from: { executable: "rust-analyzer" },
  },
  { extension: "redhat.java", setting: "java.jdt.ls.java.home", from: { executable: "java", value: home } },
  { extension: "ziglang.vscode-zig", setting: "zig.path", from: { executable: "zig" } },
];

/** A setting of another extension, and what it would be with the project's tool. */
export interface WantedSetting {
  extension: string;
  setting: string;
  value: SettingValue;
}

export interface OtherContext {
  hasExtension(id: string): boolean;
  exists(path: string): boolean;
  /** The file that a name runs in the project; undefined where none of the project's own tools has it. */
  executable(name: string): Promise<string | undefined>;
}

/** The settings that can name the project's tools: of extensions that are installed, and files that exist. */
export async function wantedSettings(
  tools: readonly Tool[],
  context: OtherContext,
): Promise<WantedSetting[]> {
  const known = tools.length === 0 ? [] : KNOWN.filter(({ extension }) => context.hasExtension(extension));
  const found = await Promise.all(known.map(async ({ extension, setting, from }) => {
    const value = await valueOf(from, tools, context);
    return value === undefined ? [] : [{ extension, setting, value }];
  }));
  return found.flat();
}

async function valueOf(
  from: From,
  tools: readonly Tool[],
  { exists, executable }: OtherContext,
): Promise<SettingValue | undefined> {
  if ("executable" in from) {
    const file = await executable(from.executable);
    return file === undefined || !exists(file) ? undefined : from.value?.(file) ?? file;
  }
  const path = tools.find(({ runtime }) => runtime === from.tool)?.path;
  if (path === undefined || path === null) return undefined;
  const directory = join(path, from.directory);
  return exists(join(directory, from.has)) ? directory : undefined;
}

/** What can be done about a setting; `value` is undefined where it would be taken back. */
export interface SettingOffer {
  kind: "set" | "update" | "remove" | "replace";
  setting: string;
  value: SettingValue | undefined;
}

/**
 * What to offer: settings that are not set, those that were written here and name another version or a tool
 * that the project no longer has. `replace` is for a setting that the person has given another value.
 *
 * @param written what was written here with the person's yes: setting → value
 */
export function settingOffers(
  wanted: readonly WantedSetting[],
  { current, written, isComplete }: {
    current(setting: string): unknown;
    written: Readonly<Record<string, SettingValue>>;
    /** Whether all of the project's tools are installed. */
    isComplete: boolean;
  },
): SettingOffer[] {
  const offers = wanted.flatMap(({ setting, value }): SettingOffer[] => {
    const now = current(setting);
    if (isSame(now, value)) return [];
    // An empty list is what an extension has by default, and says nothing.
    const isUnset = now === undefined || (Array.isArray(now) && now.length === 0);
    const kind = isUnset ? "set" : isSame(now, written[setting]) ? "update" : "replace";
    return [{ kind, setting, value }];
  });
  const stale = Object.entries(written).filter(([setting, value]) =>
    isComplete && isSame(current(setting), value) && !wanted.some((one) => one.setting === setting)
  );
  return [
    ...offers,
    ...stale.map(([setting]): SettingOffer => ({ kind: "remove", setting, value: undefined })),
  ];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
