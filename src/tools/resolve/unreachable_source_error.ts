import { HaftError } from "../../base/errors.ts";
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
    const line = `${name} = { version = ${JSON.stringify(version)}, source = "${other.source}" }`;
    super(error.message, {
      next: `Source "${other.source}" answers, and has ${name} ${other.version}` +
        `${other.lacks.length === 0 ? "" : ` without ${other.lacks.join(", ")}`}. ` +
        `To use it, let this be its line under [tools] in haft.toml: ${line}`,
      exitCode: error.exitCode,
      cause: error,
    });
    this.otherSource = other.source;
  }
}
