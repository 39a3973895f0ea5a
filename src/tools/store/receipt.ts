import { join } from "node:path";
import * as v from "valibot";
import { PlannedArtifact, ToolKind } from "../../protocol/artifact.ts";
import type { InstallConfig } from "../../protocol/install.ts";

/** haft's own directory inside an installed tool; no archive may contain it. */
export const RECEIPT_DIRECTORY = ".haft";
/** Small, read by every command. */
export const RECEIPT_FILE = "receipt.json";
/** The hash of every regular file, as `sha256sum -c` reads it; read only to check an installation. */
export const HASHES_FILE = "files.sha256";

/** The receipt's path in an install directory. */
export function receiptPath(directory: string): string {
  return join(directory, RECEIPT_DIRECTORY, RECEIPT_FILE);
}

/** What the registry's signature said of an npm artifact. `not-checked`: an http artifact has none. */
export const SignatureState = v.picklist(["verified", "not-offered", "unknown-key", "not-checked"]);
export type SignatureState = v.InferOutput<typeof SignatureState>;

/**
 * What was installed, from where, and when: `.haft/receipt.json`. Its presence makes an installation
 * complete.
 */
export const Receipt = v.strictObject({
  schema: v.literal(1),
  /** As the manifest names it. */
  tool: v.string(),
  store_id: v.string(),
  version: v.string(),
  platform: v.string(),
  kind: ToolKind,
  artifacts: v.array(PlannedArtifact),
  /**
   * Executable name → path below the install directory. For `js`, a script that a JavaScript runtime runs.
   */
  bin: v.record(v.string(), v.string()),
  signature: SignatureState,
  /** ISO 8601, UTC. */
  installed_at: v.string(),
  /** The version of haft that installed it. */
  haft_version: v.string(),
});
export type Receipt = v.InferOutput<typeof Receipt>;

/**
 * @returns undefined for a receipt of another form than this haft's: such an installation counts as missing
 * and is made anew
 * @throws when the text is no receipt at all
 */
export function parseReceipt(text: string): Receipt | undefined {
  const receipt = v.parse(v.looseObject({ schema: v.number(), tool: v.string() }), JSON.parse(text));
  const result = v.safeParse(Receipt, receipt);
  return result.success ? result.output : undefined;
}

/** Whether what is installed is exactly what a config asks for: the same files for the same platform. */
export function satisfiedBy(receipt: Receipt, config: InstallConfig): boolean {
  return receipt.platform === config.platform && receipt.version === config.version &&
    receipt.kind === config.kind && receipt.artifacts.length === config.artifacts.length &&
    receipt.artifacts.every((installed, index) => sameArtifact(installed, config.artifacts[index])) &&
    (Object.keys(config.bin).length === 0 || sameExecutables(receipt.bin, config.bin));
}

/** The integrity decides: the same file may have come from another address. */
function sameArtifact(installed: PlannedArtifact, wanted: PlannedArtifact | undefined): boolean {
  return wanted !== undefined && installed.artifact.integrity === wanted.artifact.integrity &&
    installed.format === wanted.format && installed.strip === wanted.strip && installed.into === wanted.into;
}

function sameExecutables(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
