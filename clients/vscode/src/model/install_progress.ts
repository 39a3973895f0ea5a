import type { DaemonEvent, Result } from "../../../../src/client/mod.ts";

export interface ProgressReport {
  message: string;
  /** Percent of the whole since the last report. */
  increment: number;
}

type Progress = Extract<DaemonEvent, { event: "install.progress" }>["data"];

const MEBIBYTE = 1_048_576;

/** Downloading is most of an install; the rest has the last tenth. */
const DOWNLOAD_SHARE = 90;
const EXTRACT_SHARE = 97;

/** What a notification's title says already. */
export interface Titled {
  tool: string;
  request: string;
}

/** Makes one line and one bar of what the daemon tells of an install: tools install side by side. */
export class InstallProgress {
  readonly #titled: Titled | undefined;
  readonly #percent = new Map<string, number>();
  readonly #words = new Map<string, string>();
  #shown = 0;

  constructor(titled?: Titled) {
    this.#titled = titled;
  }

  /** @returns undefined when the event changes nothing that is shown */
  report(event: string, data: unknown): ProgressReport | undefined {
    const known = { event, data } as DaemonEvent;
    switch (known.event) {
      case "install.sync_started":
        for (const { tool } of known.data.tools) this.#percent.set(tool, 0);
        return this.#now();
      case "install.resolving":
        return this.#set(known.data.tool, { words: "asking for the version" });
      case "install.queued":
        return this.#set(known.data.tool, { words: "waiting for its turn", version: known.data.version });
      case "install.started":
        return this.#set(known.data.tool, { words: "starting", version: known.data.version });
      case "install.progress":
        return this.#set(known.data.tool, { ...stepOf(known.data), version: known.data.version });
      case "install.present":
      case "install.completed":
      case "install.skipped":
      case "install.failed":
      case "install.cancelled":
        return this.#set(known.data.tool, { percent: 100 });
      default:
        return undefined;
    }
  }

  #set(tool: string, { percent, words, version }: {
    percent?: number;
    words?: string;
    version?: string;
  }): ProgressReport {
    this.#percent.set(tool, Math.max(percent ?? 0, this.#percent.get(tool) ?? 0));
    if (percent === 100 || words === undefined) this.#words.delete(tool);
    else this.#words.set(tool, `${this.#nameOf(tool, version)}${words}`);
    return this.#now();
  }

  #now(): ProgressReport {
    const parts = [...this.#percent.values()];
    const whole = parts.reduce((sum, part) => sum + part, 0) / Math.max(parts.length, 1);
    const increment = Math.max(whole - this.#shown, 0);
    this.#shown = Math.max(whole, this.#shown);
    const message = [...this.#words].map(([, words]) => words).join("; ");
    return { message, increment };
  }

  /** `deno 2.9.4: `, as far as the title does not say it. */
  #nameOf(tool: string, version: string | undefined): string {
    const said = tool === this.#titled?.tool ? this.#titled : undefined;
    const parts = [
      ...(said === undefined ? [tool] : []),
      ...(version === undefined || version === said?.request ? [] : [version]),
    ];
    return parts.length === 0 ? "" : `${parts.join(" ")}: `;
  }
}

function stepOf({ progress }: Progress): { percent?: number; words?: string } {
  switch (progress.state) {
    case "downloading": {
      const { percent, bytes_downloaded: bytes, total_bytes: total } = progress;
      const size = total === null ? mebibytes(bytes) : `${mebibytes(bytes)} of ${mebibytes(total)}`;
      const share = percent === null ? "" : `${Math.floor(percent)} %, `;
      return { percent: (percent ?? 0) * DOWNLOAD_SHARE / 100, words: `downloading, ${share}${size}` };
    }
    case "extracting":
      return { percent: DOWNLOAD_SHARE, words: "extracting" };
    case "post_install":
      return { percent: EXTRACT_SHARE, words: progress.message };
    default:
      return {};
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

/** The CLI's own words for what failed, each with its next step. */
export function failuresText(failed: Result<"tool.sync">["failed"]): string {
  return failed.map(({ tool, error, next }) => `${tool}: ${error}${next === null ? "" : `. ${next}`}`).join(
    "\n",
  );
}
