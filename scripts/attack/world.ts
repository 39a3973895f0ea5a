import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import type { LoopbackRegistry } from "../../tests/support/loopback_registry.ts";
import { canariesIn, HOME_MARK, REGISTRY_TOKEN, SECRET_FILES, SECRET_VARIABLES } from "./canaries.ts";
import { Recorder } from "./recorder.ts";
import { differences, open, shadowing, type Sight, snapshot, steering } from "./sights.ts";

/**
 * Commands of the system that haft has no reason to run for a stranger; each leaves a mark when it is run.
 */
const CANARY_COMMANDS =
  "git npm npx python3 pip pip3 cargo go curl wget make sudo ssh bash bun deno uv pnpm yarn corepack direnv"
    .split(" ");

/** Commands that take longer do not end. */
const HANG_MS = 60_000;

export interface Ran {
  code: number | null;
  output: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Runs it on a terminal of its own, and looks for what would steer that. */
  terminal?: boolean;
  /** Milliseconds after which the commands are stopped, and count as a loop. Default one minute. */
  hangMs?: number;
}

/**
 * The victim's machine: a home with secrets, a PATH whose commands leave marks, and a stranger's checkout in
 * `src/stranger`.
 */
export class World implements AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly stranger: string;
  /** A project of the victim's own. */
  readonly good: string;
  readonly shims: string;
  readonly host: Recorder;
  /** The registry that the victim's own settings name. */
  readonly registry: LoopbackRegistry;
  readonly #haft: string;
  readonly #marks: string;
  readonly #complaints: { sight: Sight; what: string }[] = [];
  #before: Map<string, string> | undefined;
  #umask = "022";

  private constructor(haft: string, registry: LoopbackRegistry, host: Recorder) {
    this.#haft = haft;
    this.registry = registry;
    this.host = host;
    this.root = mkdtempSync(join(tmpdir(), "haft-attack-"));
    this.home = join(this.root, HOME_MARK);
    this.stranger = join(this.home, "src", "stranger");
    this.good = join(this.home, "src", "good");
    this.shims = join(this.home, ".local", "share", "haft", "shims");
    this.#marks = join(this.root, "marks");
    const parents = this.#haftsPlaces.map((place) => dirname(place));
    for (
      const directory of [
        this.stranger,
        this.good,
        join(this.root, "bin"),
        join(this.root, "tmp"),
        ...parents,
      ]
    ) {
      mkdirSync(directory, { recursive: true });
    }
    for (const directory of ["run", "marks"]) mkdirSync(join(this.root, directory), { mode: 0o700 });
    for (const [name, text] of Object.entries(SECRET_FILES)) this.file(join(this.home, name), text);
    this.file(join(this.home, ".npmrc"), this.#ownNpmrc());
    this.file(join(this.home, "precious"), "what the victim would miss\n");
    for (const name of CANARY_COMMANDS) {
      this.file(
        join(this.root, "bin", name),
        `#!/bin/sh\necho ${name} >> '${this.#marks}/commands'\n`,
        0o755,
      );
    }
    // The JavaScript runtime of the machine is haft's own.
    this.file(join(this.root, "bin", "node"), `#!/bin/sh\nBUN_BE_BUN=1 exec '${haft}' "$@"\n`, 0o755);
    this.file(join(this.root, "bin", "haft"), `#!/bin/sh\nexec '${haft}' "$@"\n`, 0o755);
  }

  static async create(haft: string, registry: LoopbackRegistry): Promise<World> {
    return new World(haft, registry, await Recorder.start());
  }

  /** Writes a file; a relative path is one of the stranger's checkout. */
  file(path: string, text: string, mode = 0o644): string {
    const absolute = resolve(this.stranger, path);
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
    chmodSync(absolute, mode);
    return absolute;
  }

  /** Makes a link in the stranger's checkout. */
  link(path: string, target: string): void {
    const absolute = resolve(this.stranger, path);
    mkdirSync(dirname(absolute), { recursive: true });
    symlinkSync(target, absolute);
  }

  /** A shell script that tells of having been run. */
  evil(name = "evil"): string {
    return `#!/bin/sh\necho ${name} >> '${this.#marks}/ran'\n`;
  }

  /** The same for a JavaScript runtime. */
  evilScript(name = "evil"): string {
    return `#!/usr/bin/env node\nrequire("node:fs").appendFileSync(${JSON.stringify(`${this.#marks}/ran`)}, ${
      JSON.stringify(`${name}\n`)
    });\n`;
  }

  umask(mask: string): void {
    this.#umask = mask;
  }

  /** Lines of a .npmrc that make the stranger's host the registry. */
  get strangersNpmrc(): string {
    return `registry=${this.host.url}\n`;
  }

  async haft(...args: string[]): Promise<Ran> {
    return await this.run(args);
  }

  /** Runs haft in the stranger's checkout. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await this.shell(["haft", ...args].map(quote).join(" "), options);
  }

  /**
   * Runs lines of shell, in which `haft` is on PATH. What they leave behind is judged from the first run on.
   */
  async shell(lines: string, options: RunOptions = {}): Promise<Ran> {
    const { cwd = this.stranger, env = {}, terminal = false, hangMs = HANG_MS } = options;
    if (this.#before === undefined) this.watch();
    // On a terminal each line is printed before it is run, so that what is found can be told from what came
    // before.
    const command = `umask ${this.#umask}\n${
      terminal ? lines.replaceAll(/^.*$/gm, (line) => `echo ${quote(`\n>> ${line}`)}\n${line}`) : lines
    }`;
    const argv = terminal
      ? ["script", "--quiet", "--return", "--command", `stty cols 200 rows 50\n${command}`, "/dev/null"]
      : ["/bin/sh", "-c", command];
    const ran = await this.#toEnd(argv, {
      cwd,
      env: { ...this.env, ...env, ...(terminal ? { TERM: "xterm" } : {}) },
      hangMs,
      terminal,
    });
    if (ran === undefined) {
      this.complain("loop", lines.slice(0, 200));
      return { code: null, output: "" };
    }
    for (const part of terminal ? ran.output.split("\n>> ") : []) {
      const found = steering(part);
      if (found !== undefined) this.complain("escape", `${found} by ${part.split("\r")[0]}`);
    }
    return ran;
  }

  /** What has happened until now was preparation; from here on it is judged. */
  watch(): void {
    rmSync(join(this.#marks, "ran"), { force: true });
    rmSync(join(this.#marks, "commands"), { force: true });
    this.#before = snapshot(this.root, this.#ownPlaces);
  }

  complain(sight: Sight, what: string): void {
    this.#complaints.push({ sight, what });
  }

  /** All that went wrong since {@link watch}. */
  sights(): { sight: Sight; what: string }[] {
    const { bytes } = this.host;
    const seen = (sight: Sight, what: readonly string[]) =>
      what.length === 0 ? [] : [{ sight, what: [...new Set(what)].slice(0, 4).join(", ") }];
    const changed = differences(this.#before ?? new Map(), snapshot(this.root, this.#ownPlaces));
    return [
      ...this.#complaints,
      ...seen("canary", canariesIn(bytes)),
      ...seen("contact", bytes === "" ? [] : [bytes.split("\r\n")[0] ?? ""]),
      ...seen("code", this.ran),
      ...seen("command", lines(join(this.#marks, "commands"))),
      ...seen("write", changed.map((path) => path.replace(this.home, "~"))),
      ...seen("shadow", shadowing(this.shims, this.path)),
      ...seen("open", this.#haftsPlaces.flatMap(open).map((path) => path.replace(this.home, "~"))),
    ];
  }

  /** What of the stranger's has run. */
  get ran(): string[] {
    return lines(join(this.#marks, "ran"));
  }

  get path(): string[] {
    return [join(this.root, "bin"), "/usr/bin", "/bin"];
  }

  get env(): Record<string, string> {
    return {
      ...SECRET_VARIABLES,
      PATH: this.path.join(":"),
      HOME: this.home,
      USER: "victim",
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
      TMPDIR: join(this.root, "tmp"),
      XDG_RUNTIME_DIR: join(this.root, "run"),
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(join(this.root, "run", "haft", "daemon.sock"))) {
      await this.#toEnd([this.#haft, "daemon", "stop"], { cwd: this.root, env: this.env });
    }
    await this.host[Symbol.asyncDispose]();
    rmSync(this.root, { recursive: true, force: true });
  }

  get #haftsPlaces(): string[] {
    return [".local/share/haft", ".local/state/haft", ".cache/haft", ".config/haft"].map((name) =>
      join(this.home, name)
    );
  }

  /** Where haft may write: its own directories, and the checkout. The user's settings are not among them. */
  get #ownPlaces(): string[] {
    return [
      ...this.#haftsPlaces.slice(0, 3),
      this.stranger,
      this.good,
      this.#marks,
      ...["run", "tmp"].map((name) => join(this.root, name)),
    ];
  }

  #ownNpmrc(): string {
    const { host } = new URL(this.registry.url);
    return `registry=${this.registry.url}\n//${host}/:_authToken=${REGISTRY_TOKEN}\n`;
  }

  /** Undefined for a command that had to be stopped, with its whole process group. */
  #toEnd(
    argv: readonly string[],
    { cwd, env, hangMs = HANG_MS, terminal = false }: RunOptions & {
      cwd: string;
      env: Record<string, string>;
    },
  ): Promise<Ran | undefined> {
    const [file = "", ...args] = argv;
    return new Promise((done, fail) => {
      const stdin = terminal ? "pipe" : "ignore";
      const child = spawn(file, args, { cwd, env, stdio: [stdin, "pipe", "pipe"], detached: true });
      // Whatever is asked on a terminal is answered with no.
      const answer = setInterval(() => child.stdin?.write("n\n"), 200);
      child.stdin?.on("error", () => clearInterval(answer));
      let output = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => output += text);
      child.stderr?.setEncoding("utf8").on("data", (text: string) => output += text);
      const hang = setTimeout(() => {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
        done(undefined);
      }, hangMs);
      child.on("error", fail);
      child.on("exit", (code: number | null) => {
        clearTimeout(hang);
        clearInterval(answer);
        // A daemon that was started may keep the pipe: what has come by then is all.
        setTimeout(() => done({ code, output }), 5);
      });
    });
  }
}

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
