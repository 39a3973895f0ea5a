import { UsageError } from "../base/errors.ts";
import type { Dialect } from "./dialect.ts";
import type { RooSettings } from "./roo.ts";

/** The settings that dialects need. */
export interface DialectSettings {
  roo?: { [Name in keyof RooSettings]?: RooSettings[Name] | undefined } | undefined;
}

const LOADERS: Readonly<Record<string, (settings: DialectSettings) => Promise<Dialect>>> = {
  auroraview: async () => (await import("./auroraview.ts")).auroraview,
  bunctl: async () => (await import("./bunctl.ts")).bunctlDialect("bunctl"),
  "bunctl-ipc": async () => (await import("./bunctl.ts")).bunctlDialect("bunctl-ipc"),
  ipckit: async () => (await import("./ipckit.ts")).ipckit,
  codex: async ({ roo }) => (await import("./roo.ts")).rooDialect("codex", roo),
  "codex-lines": async ({ roo }) => (await import("./roo.ts")).rooDialect("codex-lines", roo),
  roo: async ({ roo }) => (await import("./roo.ts")).rooDialect("roo", roo),
  vx: async () => (await import("./vx.ts")).vx,
};

export const DIALECT_NAMES: readonly string[] = Object.keys(LOADERS);

/** @throws {UsageError} when haft does not speak it */
export async function loadDialect(name: string, settings: DialectSettings): Promise<Dialect> {
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load !== undefined) return await load(settings);
  throw new UsageError(`Unknown dialect "${name}"`, { next: `Known: ${DIALECT_NAMES.join(", ")}` });
}
