import { rmSync } from "node:fs";
import { join } from "node:path";
import { compare, parse as semver } from "@std/semver";
import { HaftError, UsageError } from "../../base/errors.ts";
import { ExitCode } from "../../base/exit_code.ts";
import type { Command, Context, ParsedArgs } from "../command.ts";
import { JSON_FLAG, noFurther, textFlag } from "../flag_values.ts";
import { ownExecutable, requireOwn } from "./own_executable.ts";
import { handDaemonOver } from "./hand_daemon_over.ts";

export interface UpdateOptions {
  /** Say whether there is a newer release, and change nothing. */
  check: boolean;
  /** An exact version, older ones too; the newest without it. */
  version: string | undefined;
  json: boolean;
}

export const command: Command<UpdateOptions> = {
  usage: [""],
  flags: [
    { name: "check", description: "Only say whether there is a newer release: exit code 1 when there is" },
    { name: "version", value: "VERSION", description: "This version, even if it is older" },
    { ...JSON_FLAG, description: "Print JSON: {version, available, updated}" },
  ],
  examples: ["haft self update --check", "haft self update --version 1.2.3"],
  parse,
  run,
};

function parse(args: ParsedArgs): UpdateOptions {
  noFurther([...args.positional, ...args.rest], "A version is given by --version");
  const version = textFlag(args, "version")?.replace(/^v/, "");
  if (version !== undefined && !/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version)) {
    throw new UsageError(`--version takes a version such as 1.2.3, not "${version}"`);
  }
  return { check: args.flags.has("check"), version, json: args.flags.has("json") };
}

async function run(options: UpdateOptions, context: Context): Promise<ExitCode> {
  const { env, signal, stderr, stdout } = context;
  const { archiveFor, findRelease, releaseSource } = await import("../../self/releases.ts");
  const source = releaseSource(env);
  const executable = ownExecutable();
  if (!options.check) requireOwn(executable);
  const { createHttpClient } = await import("../../tools/http/http_client.ts");
  const http = createHttpClient({
    userAgent: `haft/${context.version}`,
    proxies: async () => {
      const { loadNpmConfig } = await import("../../tools/registry/npm_config.ts");
      return loadNpmConfig({ env, home: context.home, projectDir: context.home }).proxies();
    },
  });
  const { version } = options;
  const release = await findRelease(source, { http, signal, ...version === undefined ? {} : { version } });

  const order = compare(semver(release.version), semver(context.version));
  const wanted = version === undefined ? order > 0 : order !== 0;
  const report = async (updated: boolean, text: string) => {
    const data = { version: context.version, available: release.version, updated };
    if (options.json) await stdout.write(`${JSON.stringify(data)}\n`);
    else await stdout.write(`${text}\n`);
  };
  if (!wanted) {
    await report(false, `haft ${context.version} is the newest release`);
    return ExitCode.ok;
  }
  if (options.check) {
    await report(false, `haft ${release.version} is available, this is ${context.version}`);
    return ExitCode.failed;
  }

  const { hostPlatform } = await import("../../tools/host_platform.ts");
  const { name, format } = archiveFor(release.version, hostPlatform());
  const sha256 = release.sums.get(name);
  if (sha256 === undefined) throw new HaftError(`Release ${release.version} has no ${name}`);
  const { checkStarts, previousExecutable, stageRelease, stagingPath, swapExecutable } = await import(
    "../../self/replace.ts"
  );
  const staging = stagingPath(executable);
  rmSync(staging, { recursive: true, force: true });
  try {
    if (!options.json) await stderr.write(`Downloading ${source.url}/v${release.version}/${name}\n`);
    await stageRelease(`${source.url}/v${release.version}/${name}`, staging, {
      http,
      signal,
      sha256,
      format,
      downloads: context.paths.downloads,
      onProgress: () => {},
    });
    const fresh = join(staging, context.platform === "win32" ? "haft.exe" : "haft");
    checkStarts(fresh, release.version);
    swapExecutable(fresh, executable, previousExecutable(context.paths.state));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  await report(true, `Updated haft ${context.version} to ${release.version}: ${executable}`);
  await handDaemonOver(executable, context);
  return ExitCode.ok;
}
