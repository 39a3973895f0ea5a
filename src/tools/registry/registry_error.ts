import { HaftError } from "../../base/errors.ts";

/** The registry has no such package. */
export class PackageNotFound extends HaftError {
  override readonly name = "PackageNotFound";
  readonly status = 404;
  readonly packageName: string;

  constructor(packageName: string, options: { cause?: unknown } = {}) {
    super(`The registry has no package ${packageName}`, {
      next: "Check the name; a private package needs its registry and credentials in .npmrc",
      cause: options.cause,
    });
    this.packageName = packageName;
  }
}

/** The package exists, the version or tag does not. */
export class VersionNotFound extends HaftError {
  override readonly name = "VersionNotFound";
  readonly status = 404;
  readonly packageName: string;
  readonly versionOrTag: string;
  /** The versions that exist, in no order. */
  readonly versions: readonly string[];
  readonly distTags: Readonly<Record<string, string>>;

  constructor(
    packageName: string,
    versionOrTag: string,
    { versions, distTags }: { versions: readonly string[]; distTags: Readonly<Record<string, string>> },
  ) {
    const latest = distTags["latest"];
    super(`${packageName} has no version ${versionOrTag}`, {
      next: latest === undefined ? "Check the version" : `Its latest version is ${latest}`,
    });
    this.packageName = packageName;
    this.versionOrTag = versionOrTag;
    this.versions = versions;
    this.distTags = distTags;
  }
}

/** The registry answered, but not with what the protocol says. */
export class RegistryAnswerError extends HaftError {
  override readonly name = "RegistryAnswerError";

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, {
      next: "Check the registry's address in .npmrc",
      cause: options.cause,
    });
  }
}

/** A signature is there, and it is not the registry's for this package. Nothing may be installed. */
export class SignatureError extends HaftError {
  override readonly name = "SignatureError";

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, {
      next: "Do not install it. Try another registry or mirror, and tell the one that answered so",
      cause: options.cause,
    });
  }
}
