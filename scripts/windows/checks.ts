/** Something that has to hold under Wine; `run` throws when it does not. */
export interface Check {
  name: string;
  run(): Promise<void>;
}

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
  /** transport_peer.ts, as argv prefixes by runtime. */
  peers: { runtime: string; argv: string[] }[];
}

export async function runChecks(checks: readonly Check[], counts: Counts): Promise<void> {
  for (const { name, run } of checks) {
    try {
      await run();
      report(counts, name);
    } catch (error) {
      report(counts, name, error instanceof Error ? error.message : String(error));
    }
  }
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
