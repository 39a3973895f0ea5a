/**
 * What a program written from vx's document (RFC 0034) hands to `haft install --ipc-channel`, and what it
 * hears: a config of four fields, and progress as serde writes an enum.
 */
import * as v from "valibot";
import type { InstallProgress } from "./install.ts";
import { ToolOptions } from "./tool_options.ts";

/** The config of the document; fields beside these four are passed over, as serde does. */
export const InstallByName = v.object({
  /** A name of the catalogue, or a source and a name such as `npm:prettier`. */
  tool_name: v.pipe(v.string(), v.nonEmpty("a tool's name")),
  /** A version, a range or a tag. */
  version: v.pipe(v.string(), v.nonEmpty("a version")),
  options: v.nullish(v.pipe(v.custom((value) => !Array.isArray(value), "an object"), ToolOptions)),
  /** Where the tool's archive is fetched from; its hash has to be the one that the tool's source states. */
  download_url: v.nullish(v.pipe(v.string(), v.regex(/^https?:\/\//, "an http address"))),
});
export type InstallByName = v.InferOutput<typeof InstallByName>;

/**
 * Progress as serde writes it. Figures that haft does not know yet are 0, since the document's fields are
 * plain numbers.
 */
export function serdeProgress(progress: InstallProgress): Record<string, Record<string, unknown>> {
  const { tool } = progress;
  switch (progress.state) {
    case "started":
      return { Started: { tool, version: progress.version } };
    case "downloading":
      return {
        Downloading: {
          tool,
          percent: whole(progress.percent),
          bytes_downloaded: progress.bytes_downloaded,
          total_bytes: progress.total_bytes ?? 0,
        },
      };
    case "extracting":
      return { Extracting: { tool, percent: whole(progress.percent) } };
    case "post_install":
      return { PostInstall: { tool, message: progress.message } };
    case "completed":
      return { Completed: { tool, version: progress.version, install_path: progress.install_path } };
    case "failed":
      return {
        Failed: {
          tool,
          error: progress.next === null ? progress.error : `${progress.error}\n${progress.next}`,
        },
      };
  }
}

/** The document does not say whether a percentage has decimals; a whole number is read as either. */
function whole(percent: number | null): number {
  return Math.floor(percent ?? 0);
}
