import { HaftError } from "../../base/errors.ts";

/**
 * An archive that haft does not unpack: it is damaged, or an entry of it could touch something outside its
 * directory or mean different things to different readers. Such an archive is refused as a whole, never
 * repaired.
 */
export class ArchiveError extends HaftError {
  override readonly name = "ArchiveError";

  constructor(reason: string, options: { entry?: string; cause?: unknown } = {}) {
    const where = options.entry === undefined ? "" : `entry ${quoteEntry(options.entry)} `;
    super(escapeControls(`The archive is refused: ${where}${reason}`), {
      cause: options.cause,
      next: "Ask the publisher of the package for a sound archive, or choose another version",
    });
  }
}

function quoteEntry(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

/**
 * Names of entries come from strangers: nothing in them may reach a terminal as a command, or break the line.
 */
function escapeControls(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
