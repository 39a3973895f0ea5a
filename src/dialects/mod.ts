import { UsageError } from "../base/errors.ts";
import type { Dialect } from "./dialect.ts";

const LOADERS: Readonly<Record<string, () => Promise<Dialect>>> = {
  bunctl: async () => (await import("./bunctl.ts")).bunctl,
  vx: async () => (await import("./vx.ts")).vx,
};

export const DIALECT_NAMES: readonly string[] = Object.keys(LOADERS);

/** @throws {UsageError} when haft does not speak it */
export async function loadDialect(name: string): Promise<Dialect> {
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load !== undefined) return await load();
  throw new UsageError(`Unknown dialect "${name}"`, { next: `Known: ${DIALECT_NAMES.join(", ")}` });
}
