import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { InstallConfig, InstallProgress } from "../../../src/protocol/install.ts";
import { listenForChild, nextChannelName } from "../../../src/sync/install_channel.ts";
import { installChild } from "../../../src/sync/install_child.ts";
import type { InstallChildLimits } from "../../../src/sync/explain_failure.ts";

const SCRIPT = fileURLToPath(new URL("../../support/fake_install_child.ts", import.meta.url));

/** The argv that starts a child which misbehaves in this way. */
export function fakeChild(mode: string): string[] {
  return [process.execPath, "run", "-A", "--no-check", "--quiet", SCRIPT, mode];
}

/** A directory of the test's own, with what a child of a sync needs around it. */
export interface Sandbox extends AsyncDisposable {
  root: string;
  env: Record<string, string | undefined>;
  /** Pid, tool and channel of every fake child that was started, and the pids of what they started. */
  journal(): { pid: number; tool: string; channel: string }[];
  /** What is left in the directory of the sockets. */
  sockets(): string[];
}

export async function sandbox(): Promise<Sandbox> {
  const root = await Deno.makeTempDir({ prefix: "haft-sync-" });
  const runtimeDirectory = join(root, "run");
  await Deno.mkdir(runtimeDirectory, { mode: 0o700 });
  const journalFile = join(root, "journal");
  return {
    root,
    env: {
      ...process.env,
      XDG_RUNTIME_DIR: runtimeDirectory,
      HAFT_HOME: join(root, "home"),
      HOME: root,
      FAKE_CHILD_JOURNAL: journalFile,
      NO_PROXY: "127.0.0.1",
      NO_COLOR: "1",
    },
    journal() {
      return readOr(journalFile, "").split("\n").filter((line) => line !== "").map((line) => {
        const [pid = "", tool = "", channel = ""] = line.split(" ");
        return { pid: Number(pid), tool, channel };
      });
    },
    sockets() {
      try {
        return [...Deno.readDirSync(join(runtimeDirectory, "haft"))].map(({ name }) => name)
          .filter((name) => name.endsWith(".sock"));
      } catch {
        return [];
      }
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(root, { recursive: true });
    },
  };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}

export function jobFor(tool: string, options: Partial<InstallConfig> = {}): InstallConfig {
  return {
    tool_name: tool,
    version: "1.2.3",
    store_id: tool,
    platform: "linux-x64-glibc",
    kind: "native",
    artifacts: [{
      artifact: { kind: "npm", package: tool, version: "1.2.3", integrity: "sha512-x" },
      format: "tar.gz",
      strip: 1,
      into: "",
    }],
    bin: { [tool]: tool },
    options: {},
    install_env: {},
    download_url: null,
    integrity: "sha512-x",
    dependencies_lock: null,
    project_dir: "/",
    force: false,
    offline: false,
    ...options,
  };
}

export interface FakeRun {
  progress: InstallProgress[];
  result: { path: string } | { error: unknown };
  pid: number;
}

/** Runs one install with a fake child. */
export async function runFake(
  mode: string,
  { box, limits = {}, signal = new AbortController().signal, onProgress }: {
    box: Sandbox;
    limits?: Partial<InstallChildLimits>;
    signal?: AbortSignal;
    onProgress?: (progress: InstallProgress) => void;
  },
): Promise<FakeRun> {
  const { env } = box;
  const progress: InstallProgress[] = [];
  let pid = 0;
  const result = await installChild(jobFor("widget"), {
    command: fakeChild(mode),
    channelName: nextChannelName("widget", { env }),
    listen: (name) => listenForChild(name, { env }),
    env,
    signal,
    limits,
    onStarted: (started) => pid = started,
    onProgress: (item) => {
      progress.push(item);
      onProgress?.(item);
    },
  }).then(({ install_path }) => ({ path: install_path }), (error: unknown) => ({ error }));
  return { progress, result, pid };
}

/** Whether a process of this number is there and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    if (Deno.build.os === "linux") return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
