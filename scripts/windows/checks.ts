/** Something that has to hold; `run` throws when it does not. */
export interface RunCheck {
  name: string;
  run(): Promise<void>;
}

/** Something that has to hold on Windows, and why Wine cannot show it. */
export interface SkippedCheck {
  name: string;
  skipped: string;
}

export type Check = RunCheck | SkippedCheck;

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Programs {
  /** haft.exe */
  haft: string;
  /** hold_pipe.c, compiled. */
  holdPipe: string;
  /** read_output.c, compiled. */
  readOutput: string;
  /** Windows' node.exe, and dialect_client.cjs for it. */
  node: string;
  dialectClient: string;
  /** transport_peer.ts, as argv prefixes by runtime. */
  peers: { runtime: string; argv: string[] }[];
}

export async function runChecks(checks: readonly Check[], counts: Counts): Promise<void> {
  for (const check of checks) {
    if ("skipped" in check) reportSkipped(counts, check);
    else report(counts, check.name, await failureOf(check));
  }
}

async function failureOf({ run }: RunCheck): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function reportSkipped(counts: Counts, { name, skipped }: SkippedCheck): void {
  counts.skipped++;
  console.log(`skipped ${name}: ${skipped}`);
}

export function report(counts: Counts, name: string, failure?: string): void {
  if (failure === undefined) {
    counts.passed++;
    console.log(`ok      ${name}`);
  } else {
    counts.failed++;
    console.log(`FAILED  ${name}\n        ${failure.trim().replaceAll("\n", "\n        ")}`);
  }
}
