import { delay } from "@std/async/delay";
import { spawn } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import { errorCode } from "../../src/base/errors.ts";

/** One way to run haft. Every end-to-end test that can runs with each of them. */
export interface Haft {
  name: "binary" | "deno" | "bun";
  argv: readonly string[];
}

/** The release binary. */
export const binary: Haft = { name: "binary", argv: [fromTestTask("HAFT_TEST_BINARY")] };

/** The sources under Deno, and the bundle of the same sources under Bun. */
export const haftUnderDeno: Haft = {
  name: "deno",
  argv: [process.execPath, "run", "-A", "--quiet", join(projectRoot, "main.ts")],
};
export const haftUnderBun: Haft = {
  name: "bun",
  argv: [fromTestTask("HAFT_TEST_BUN"), "--no-install", join(projectRoot, "dist", "haft.js")],
};

export const everyHaft: readonly Haft[] = [binary, haftUnderDeno, haftUnderBun];

/** What the documents' tests run: the binary, or with `deno task test --sources` the sources under Deno. */
export const documented: Haft = process.env["HAFT_TEST_SOURCES"] === "1" ? haftUnderDeno : binary;

/** The binary whose failpoints can be switched on. */
export const crashingBinary: Haft = { name: "binary", argv: [fromTestTask("HAFT_TEST_FAILPOINT_BINARY")] };

function fromTestTask(name: string): string {
  const path = process.env[name];
  if (path === undefined || path === "") {
    throw new Error(
      `${name} is not set. Run these tests by "deno task test ${"tests/e2e"}", which builds what they run`,
    );
  }
  return path;
}

export interface RunOptions {
  args: readonly string[];
  cwd?: string;
  /** Added to the sandbox's environment. */
  env?: Record<string, string>;
  /** Called with the process and all it has written so far, on every new piece of output. */
  onOutput?: (running: { pid: number; stdout: string; stderr: string }) => void;
  /** Starts a process group of its own, so that a signal can reach haft and its children as Ctrl-C does. */
  ownGroup?: boolean;
}

export interface RunResult {
  /** The exit code; null when a signal ended the process. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** A whole run may take this long before the test gives up on it; far above what any takes. */
const HANG_MS = 120_000;

/** A home, a project and a runtime directory that nobody else has. */
export class Sandbox implements AsyncDisposable {
  readonly root: string;
  readonly project: string;
  readonly #registry: string | undefined;

  private constructor(root: string, registry: string | undefined) {
    this.root = root;
    this.project = join(root, "project");
    this.#registry = registry;
    for (const name of ["project", "home", "tmp", "run"]) mkdirSync(join(root, name));
    chmodSync(join(root, "run"), 0o700);
  }

  /** @param registry the address of a loopback registry; absent, npm's own configuration decides */
  static async create({ registry }: { registry?: string } = {}): Promise<Sandbox> {
    return new Sandbox(await Deno.makeTempDir({ prefix: "haft-e2e-" }), registry);
  }

  get haftHome(): string {
    return join(this.root, "haft");
  }

  manifest(text: string): void {
    writeFileSync(join(this.project, "haft.toml"), text);
  }

  /** What is in the store, as `ID/VERSION`. */
  installed(): string[] {
    return entries(join(this.haftHome, "store")).filter((id) => !id.startsWith("."))
      .flatMap((id) => entries(join(this.haftHome, "store", id)).map((version) => `${id}/${version}`)).sort();
  }

  /** What a run must not leave behind: staged installs and endpoints. */
  leftovers(): string[] {
    return [
      ...entries(join(this.haftHome, "store", ".staging")),
      ...entries(join(this.root, "run", "haft")).filter((name) => name.endsWith(".sock")),
    ];
  }

  environment(extra: Record<string, string> = {}): Record<string, string> {
    const sandboxed = {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: join(this.root, "home"),
      HAFT_HOME: this.haftHome,
      XDG_RUNTIME_DIR: join(this.root, "run"),
      TMPDIR: join(this.root, "tmp"),
      LANG: "C.UTF-8",
      DENO_DIR: denoDirectory,
      DENO_NO_UPDATE_CHECK: "1",
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
    };
    return this.#registry === undefined
      ? { ...networkSettings(), ...sandboxed, ...extra }
      : { ...sandboxed, npm_config_registry: this.#registry, ...extra };
  }

  run(haft: Haft, options: RunOptions): Promise<RunResult> {
    return runToEnd([...haft.argv, ...options.args], {
      ...options,
      cwd: options.cwd ?? this.project,
      env: this.environment(options.env),
    });
  }

  /** Runs a shell line in which `haft` is the command, e.g. to pipe it. */
  shell(haft: Haft, line: string): Promise<RunResult> {
    const define = `haft() { ${haft.argv.map(quote).join(" ")} "$@"; }`;
    return runToEnd(["/bin/bash", "-c", `${define}\n${line}`], {
      cwd: this.project,
      env: this.environment(),
    });
  }

  /** Runs haft in a terminal of its own, `columns` wide, and returns all that it drew. */
  async terminal(
    haft: Haft,
    { args, columns, rows = 24, cwd = this.project, env = {}, input, typed }: RunOptions & {
      columns: number;
      rows?: number;
      /** What is typed. */
      input?: string;
      typed?: RunToEndOptions["typed"];
    },
  ): Promise<RunResult> {
    const command = [...haft.argv, ...args].map(quote).join(" ");
    return await runToEnd(
      [
        "script",
        "--quiet",
        "--return",
        "--command",
        `stty cols ${columns} rows ${rows}; exec ${command}`,
        "/dev/null",
      ],
      {
        cwd,
        env: this.environment({ TERM: "xterm-256color", ...env }),
        ...(input === undefined ? {} : { input }),
        ...(typed === undefined ? {} : { typed }),
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A program that was just told to end may still write its last file.
    for (let tries = 0; tries < 5; tries++) {
      try {
        return await Deno.remove(this.root, { recursive: true });
      } catch (error) {
        if (errorCode(error) !== "ENOTEMPTY") throw error;
        await delay(200);
      }
    }
    await Deno.remove(this.root, { recursive: true });
  }
}

interface RunToEndOptions {
  cwd: string;
  env: Record<string, string>;
  onOutput?: RunOptions["onOutput"];
  ownGroup?: boolean;
  /** For stdin, which is closed without it. */
  input?: string;
  /** What to write to stdin as soon as its output has a text; each text after the one before it. */
  typed?: readonly { after: string; keys: string }[];
}

function runToEnd(argv: readonly string[], options: RunToEndOptions): Promise<RunResult> {
  const [file = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: [options.input === undefined && options.typed === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: options.ownGroup === true,
    });
    const typed = [...options.typed ?? []];
    let from = 0;
    if (typed.length === 0) child.stdin?.end(options.input);
    const type = () => {
      const [next] = typed;
      const at = next === undefined ? -1 : stdout.indexOf(next.after, from);
      if (next === undefined || at === -1) return;
      from = at + next.after.length;
      typed.shift();
      child.stdin?.write(next.keys);
      type();
    };
    let stdout = "";
    let stderr = "";
    const hang = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${argv.join(" ")} hangs\n${stdout}\n${stderr}`));
    }, HANG_MS);
    const seen = () => options.onOutput?.({ pid: child.pid ?? 0, stdout, stderr });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text, type(), seen()));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text, seen()));
    child.on("error", reject);
    child.on("close", (code: number | null, signal: string | null) => {
      clearTimeout(hang);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/**
 * What reaching the real registry may need from the developer's own environment: proxies, certificates,
 * .npmrc.
 */
function networkSettings(): Record<string, string> {
  const wanted =
    /^(npm_config_.*|https?_proxy|all_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|deno_tls_ca_store|deno_cert)$/i;
  const found = Object.entries(process.env).flatMap(([name, value]) =>
    wanted.test(name) && value !== undefined ? [[name, value] as const] : []
  );
  const userConfig = join(homedir(), ".npmrc");
  return {
    ...existsSync(userConfig) ? { npm_config_userconfig: userConfig } : {},
    ...Object.fromEntries(found),
  };
}

/** The developer's own Deno cache: a sandboxed HOME must not make Deno fetch its libraries again. */
const denoDirectory: string = process.env["DENO_DIR"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "deno");

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whether the process is gone; a zombie that its parent has not yet buried counts as gone. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    return /^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    // Gone between the two, or a system without /proc.
    return existsSync("/proc/self");
  }
}

/** Whether a program of that name can be run here. */
export function hasProgram(name: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
