import { HaftError } from "../../base/errors.ts";
import { shellWord } from "../../base/shell_quote.ts";
import type { SourceName } from "../../protocol/artifact.ts";
import type { ToolRequest } from "../request.ts";

/** A tool's source cannot be reached, and another one that can be has the version. */
export class UnreachableSourceError extends HaftError {
  override readonly name = "UnreachableSourceError";
  /** The source that answered. */
  readonly otherSource: SourceName;

  constructor(
    error: HaftError,
    request: ToolRequest,
    other: { source: SourceName; version: string; lacks: readonly string[] },
  ) {
    const { name, version } = request;
    const target = version === "latest" ? name : `${name}@${version}`;
    super(error.message, {
      next: `Source "${other.source}" answers, and has ${name} ${other.version}` +
        `${other.lacks.length === 0 ? "" : ` without ${other.lacks.join(", ")}`}. ` +
        `To use it: haft use ${shellWord(target)} --source ${other.source}`,
      exitCode: error.exitCode,
      cause: error,
    });
    this.otherSource = other.source;
  }
}
