import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { processLock } from "../runtime/process_lock.ts";
import { readTextIfAny } from "../tools/lockfile/read_lock_file.ts";
import { readUserDocument } from "../tools/project/user_config.ts";
import { userConfigPath } from "../tools/project/user_config_path.ts";
import type { Context } from "./command.ts";

type Toml = typeof import("@decimalturn/toml-patch");

/**
 * Changes the user's own config.toml; comments and order stay.
 *
 * @param change alters the document in place
 * @throws {UsageError} when the file would not be one of haft's any more; it is as it was then
 */
export async function editUserConfig(
  context: Pick<Context, "paths" | "signal">,
  change: (document: Record<string, unknown>) => void,
): Promise<void> {
  await rewriteUserConfig(context, (text, { parse, patch }) => {
    const document = parse(text) as Record<string, unknown>;
    change(document);
    return patch(text, document);
  });
}

/**
 * Like {@link editUserConfig}, for a change that says how it is written.
 *
 * @param rewrite gives the new text
 * @throws {UsageError}
 */
export async function rewriteUserConfig(
  { paths: { state, config }, signal }: Pick<Context, "paths" | "signal">,
  rewrite: (text: string, toml: Toml) => string,
): Promise<void> {
  const path = userConfigPath(config);
  const toml = await import("@decimalturn/toml-patch");
  makePrivateDirectory(state);
  using _lock = await processLock(join(state, "config.lock"), { signal });
  const changed = rewrite(readTextIfAny(path) ?? "", toml);
  readUserDocument(changed, path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeAtomic(path, changed, { mode: 0o600 });
}
