/** A home with everything in it that haft ever writes, which can be put back as it was after each damage. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { publishTool } from "../e2e/fake_tools.ts";
import { binary } from "../e2e/support.ts";
import { LoopbackRegistry } from "../support/loopback_registry.ts";

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Whose haft it is: root ignores modes, so root's tests run as another user. */
const USER = process.getuid?.() === 0 ? 65_534 : undefined;

/** No command takes that long, whatever is damaged. */
const HANG_MS = 60_000;

const MANIFEST = `[tools]
esbuild = "1.2.0"
prettier = "3"
[tasks.say]
run = "esbuild task"
[apps.web]
command = "sleep 1000"
`;

export class DamagedHome implements AsyncDisposable {
  readonly registry: LoopbackRegistry;
  readonly #root = mkdtempSync(join(tmpdir(), "haft-damage-"));
  readonly #template: string;

  private constructor(registry: LoopbackRegistry) {
    this.registry = registry;
    this.#template = join(this.#root, "template");
    for (const directory of ["project", "run"]) mkdirSync(join(this.home, directory), { recursive: true });
    chmodSync(join(this.home, "run"), 0o700);
    writeFileSync(join(this.project, "haft.toml"), MANIFEST);
    // The file of the same bytes is where other users may read it, too.
    cpSync(binary.argv[0] ?? "", this.haft);
    chmodSync(this.#root, 0o755);
  }

  /** Fills it: tools, trust, caches, shims' entries, apps, a saved list, tasks and their history, logs. */
  static async create(): Promise<DamagedHome> {
    const registry = await LoopbackRegistry.start();
    await publishTool(registry, {
      tool: "esbuild",
      version: "1.2.0",
      script: '#!/bin/sh\necho "esbuild $*"\n',
      padding: 10,
    });
    await registry.addPackage({ name: "helper", version: "1.0.0" }, { "index.js": "" });
    await registry.addPackage(
      { name: "prettier", version: "3.0.0", bin: { prettier: "bin.js" }, dependencies: { helper: "1.0.0" } },
      {
        "bin.js": {
          content: '#!/usr/bin/env node\nrequire("helper");\nconsole.log("prettier");\n',
          mode: 0o755,
        },
      },
    );
    const home = new DamagedHome(registry);
    home.#own();
    for (const line of ["haft trust", "haft sync", "haft app start", "haft app save", "haft task run say"]) {
      await home.expect(line);
    }
    // Answers are kept once the files that they come from have settled.
    await delay(2_200);
    for (let times = 0; times < 3; times++) await home.expect('haft x esbuild; PATH="$SHIMS:$PATH" esbuild');
    await home.expect("haft daemon stop");
    home.#copy(home.home, home.#template);
    return home;
  }

  get home(): string {
    return join(this.#root, "home");
  }

  get project(): string {
    return join(this.home, "project");
  }

  get haft(): string {
    return join(this.#root, "haft");
  }

  /** haft's own directories. */
  get places(): Record<"data" | "state" | "cache" | "runtime", string> {
    return {
      data: join(this.home, ".local", "share", "haft"),
      state: join(this.home, ".local", "state", "haft"),
      cache: join(this.home, ".cache", "haft"),
      runtime: join(this.home, "run", "haft"),
    };
  }

  /** Every file and directory of haft's, relative to the home. */
  list(): string[] {
    const walk = (path: string): string[] => {
      const stat = lstatSync(path);
      return [
        path,
        ...(stat.isDirectory() ? readdirSync(path).flatMap((name) => walk(join(path, name))) : []),
      ];
    };
    return Object.values(this.places).filter((path) => existsSync(path)).flatMap(walk)
      .map((path) => relative(this.home, path));
  }

  /**
   * Ends all that runs from this home, and puts every file of haft's back. The project's directory stays the
   * one that was trusted.
   */
  restore(): void {
    this.killAll();
    spawnSync("chmod", ["-R", "u+rwX", this.home]);
    for (const name of [".local", ".cache", "run"]) {
      rmSync(join(this.home, name), { recursive: true, force: true });
      this.#copy(join(this.#template, name), join(this.home, name));
    }
  }

  /** Not a synchronous wait: the registry answers from this process. */
  run(line: string): Promise<Ran> {
    const identity = USER === undefined
      ? []
      : ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
    const [file = "", ...args] = [...identity, "/bin/sh", "-c", `haft() { '${this.haft}' "$@"; }\n${line}`];
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, {
        cwd: this.project,
        timeout: HANG_MS,
        killSignal: "SIGKILL",
        stdio: ["ignore", "pipe", "pipe"],
        env: this.#env,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
      child.on("error", reject);
      child.on("close", (code: number | null) => resolve({ code, stdout, stderr }));
    });
  }

  /** @throws when the line fails: preparation has to succeed */
  async expect(line: string): Promise<Ran> {
    const ran = await this.run(line);
    if (ran.code !== 0) throw new Error(`${line} ended with ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    return ran;
  }

  /** Pids of processes with this home whose command line has the word. */
  processes(word: string): number[] {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${this.home}\0`);
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word);
      } catch {
        return false;
      }
    });
  }

  killDaemon(): void {
    this.#kill(this.processes("daemon\0run"));
  }

  killAll(): void {
    // The daemon first: it would start its apps again.
    this.killDaemon();
    this.#kill(this.processes(""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await this.registry.close();
    spawnSync("chmod", ["-R", "u+rwX", this.#root]);
    rmSync(this.#root, { recursive: true, force: true });
  }

  get #env(): Record<string, string> {
    return {
      PATH: "/usr/bin:/bin",
      HOME: this.home,
      SHIMS: join(this.places.data, "shims"),
      XDG_RUNTIME_DIR: join(this.home, "run"),
      TMPDIR: this.home,
      NO_PROXY: "127.0.0.1",
      npm_config_registry: this.registry.url,
    };
  }

  #kill(pids: readonly number[]): void {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    while (pids.some((pid) => existsSync(`/proc/${pid}/exe`))) spawnSync("sleep", ["0.01"]);
  }

  /** With times to the nanosecond, owners and links, which only cp keeps. */
  #copy(from: string, to: string): void {
    const { status } = spawnSync("cp", ["-a", from, to]);
    if (status !== 0) throw new Error(`cp -a ${from} ${to} ended with ${status}`);
  }

  #own(): void {
    if (USER !== undefined) spawnSync("chown", ["-R", `${USER}:${USER}`, this.home]);
  }
}
