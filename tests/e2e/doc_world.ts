import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/support/project.ts";
import type { Example } from "../support/doc_examples.ts";
import { examplesOf } from "../support/doc_examples.ts";
import type { LoopbackRegistry } from "../support/loopback_registry.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { fakeTools } from "./fake_tools.ts";
import { binary, type Haft, type Sandbox } from "./support.ts";

/** Programs that the pages' examples start, in the least form that does what the page shows. */
const PROGRAMS: Readonly<Record<string, string>> = {
  postgres: `echo "database system is ready to accept connections"; exec "$DENO" run -A --quiet "$LISTENER"`,
  node: 'case $1 in server.js) echo "listening on $PORT"; exec sleep 600;; *) echo "$@";; esac',
  nc: 'exec "$DENO" run -A --quiet "$TALKER" "$2"',
  deno: 'echo "$@"',
  biome: 'echo "$@"',
  make: 'echo "$@"',
  // Into a pipe jq writes blocks, and a reader at a terminal sees lines.
  jq: 'exec /usr/bin/jq --unbuffered "$@"',
  esbuild: 'echo "$@"; : > out.js',
};

/** What sections, or whole pages, assume without showing it: a manifest, and commands that ran before. */
const BEFORE: Readonly<Record<string, { manifest: string; run: string }>> = {
  "Two commands": {
    manifest: readFileSync(join(projectRoot, "haft.toml"), "utf8"),
    run: "haft sync --offline",
  },
  "The daemon": { manifest: '[tools]\ndeno = "2.9.6"\n', run: "haft sync" },
  "docs/automation.md": {
    manifest: '[tasks.test]\nrun = ["sh", "-c", "echo tested"]\n',
    run: "haft trust && haft daemon start",
  },
};

/** What happens elsewhere while the examples of a section run. */
const MEANWHILE: Readonly<Record<string, string>> = {
  "The daemon":
    'echo "# changed" >> haft.toml; sleep 0.3; haft uninstall esbuild@0.28.2; haft install esbuild@0.28.2',
  "Every end, at least once": "haft task start test; sleep 0.2",
  "An editor": "haft task start test; sleep 0.2",
};

/** A machine on which the examples of one section make sense: a trusted project, programs, a registry. */
export class DocWorld implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly #daemon: DaemonSandbox;
  readonly #registry: LoopbackRegistry;
  readonly #section: string;
  readonly #port: number;
  readonly #modules: string[] = [];

  private constructor(daemon: DaemonSandbox, registry: LoopbackRegistry, section: string, port: number) {
    this.#daemon = daemon;
    this.sandbox = daemon.sandbox;
    this.#registry = registry;
    this.#section = section;
    this.#port = port;
  }

  static async create([first]: readonly Example[]): Promise<DocWorld> {
    const { section = "", place = "" } = first ?? {};
    const registry = await fakeTools([["deno", "2.9.6"], ["bun", "1.4.5"], ["esbuild", "0.28.2"]]);
    const daemon = await DaemonSandbox.create(binary, { registry: registry.url });
    const world = new DocWorld(daemon, registry, section, await freePort());
    world.#furnish();
    const before = BEFORE[section] ?? BEFORE[place.split(":")[0] ?? ""];
    if (before !== undefined) {
      daemon.sandbox.manifest(before.manifest);
      await world.must(before.run);
    }
    return world;
  }

  /** The example with the paths and the port of this world. */
  adapt(text: string): string {
    const places: Record<string, string> = {
      "5432": String(this.#port),
      "/run/user/1000": this.#below("run"),
      "/tmp": this.#below("tmp"),
      "/home/you/project": this.sandbox.project,
      "/home/you": this.#below("home"),
    };
    return text.replaceAll(new RegExp(Object.keys(places).join("|"), "g"), (place) => places[place] ?? place);
  }

  file(name: string, text: string): void {
    const path = join(this.sandbox.project, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  userConfig(text: string): void {
    const directory = join(this.sandbox.haftHome, "config");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "config.toml"), text);
  }

  /** A TypeScript example as a module that finds the package as this repository has it. */
  module(text: string): string {
    const path = join(projectRoot, "tests", `example_${crypto.randomUUID()}.ts`);
    this.#modules.push(path);
    writeFileSync(path, text.replace("@haft/haft/client", "./../src/client/mod.ts"));
    return path;
  }

  /** All that a line of shell prints; it has to end with 0. */
  async must(line: string): Promise<string> {
    return await this.run(line, {});
  }

  /**
   * All that a line of shell prints to stdout and stderr.
   *
   * @param until a command that still runs when all of these were printed gets Ctrl-C; one that ends before
   * that has to end with 0
   */
  async run(line: string, { until }: { until?: readonly RegExp[] | undefined }): Promise<string> {
    const meanwhile = new AbortController();
    const elsewhere = this.#elsewhere(line, meanwhile.signal);
    let interrupted = false;
    let leader: number | undefined;
    const { code, stdout, stderr } = await this.sandbox.run(BASH, {
      args: [`exec 2>&1\n${line}`],
      env: this.#environment(),
      ownGroup: true,
      onOutput: ({ pid, stdout }) => {
        leader = pid;
        if (interrupted || until === undefined || until.length === 0) return;
        if (!until.every((pattern) => pattern.test(stdout)) || !endless(line)) return;
        interrupted = true;
        process.kill(-leader, "SIGINT");
      },
    });
    meanwhile.abort();
    await elsewhere;
    if (!interrupted) assertEquals(code, 0, `${line}\n${stdout}${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#modules) rmSync(path, { force: true });
    await this.#daemon[Symbol.asyncDispose]();
    await this.#registry[Symbol.asyncDispose]();
  }

  /** Repeats what the section has happen elsewhere, until the example's line is over. */
  async #elsewhere(line: string, signal: AbortSignal): Promise<void> {
    const happens = MEANWHILE[this.#section];
    if (happens === undefined || !/--subscribe|task\.finals/.test(line)) return;
    while (!signal.aborted) {
      // The subscription has to be there first.
      await delay(200);
      await this.sandbox.run(BASH, { args: [happens], env: this.#environment() });
    }
  }

  #below(name: string): string {
    return join(this.sandbox.root, name);
  }

  #environment(): Record<string, string> {
    return {
      PATH: `${this.#below("bin")}:/usr/local/bin:/usr/bin:/bin`,
      DENO: process.execPath,
      LISTENER: this.#below("listener.ts"),
      TALKER: this.#below("talker.ts"),
      PYTHONPATH: join(projectRoot, "clients", "python", "src"),
    };
  }

  /** The page shows what the real deno prints. */
  #useRealTools(): void {
    mkdirSync(this.sandbox.haftHome);
    symlinkSync(ownStore(), join(this.sandbox.haftHome, "store"));
    this.file("haft.lock", readFileSync(join(projectRoot, "haft.lock"), "utf8"));
  }

  #furnish(): void {
    mkdirSync(this.#below("bin"));
    chmodSync(this.#below("tmp"), 0o1777);
    symlinkSync(binary.argv[0] ?? "", join(this.#below("bin"), "haft"));
    for (const [name, script] of Object.entries(PROGRAMS)) {
      writeFileSync(join(this.#below("bin"), name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(this.#below("bin"), name), 0o755);
    }
    writeFileSync(
      this.#below("listener.ts"),
      `Deno.listen({ hostname: "127.0.0.1", port: ${this.#port} });\nsetInterval(() => {}, 1000);\n`,
    );
    writeFileSync(
      this.#below("talker.ts"),
      `const socket = await Deno.connect({ transport: "unix", path: Deno.args[0] });
       for await (const chunk of Deno.stdin.readable) await socket.write(chunk);
       const buffer = new Uint8Array(65536);
       const count = await socket.read(buffer);
       await Deno.stdout.write(buffer.subarray(0, count ?? 0));\n`,
    );
    if (this.#section === "Two commands") this.#useRealTools();
    this.file(".env", "FROM_FILE=1\n");
    this.file("src/main.ts", "export {};\n");
    this.file("src/app.js", "\n");
    this.file("docs/tasks.toml", "[tasks]\nbuild = 'true'\n");
    this.file("agent.py", agentOfTheGuide());
  }
}

/** The store of the developer, which has the tools that this repository's haft.toml asks for. */
function ownStore(): string {
  const [, store] = /^(.+[/\\]store)[/\\]bun[/\\]/.exec(process.env["HAFT_TEST_BUN"] ?? "") ?? [];
  if (store === undefined) throw new Error("HAFT_TEST_BUN is not in a store of haft");
  return store;
}

const BASH: Haft = { name: "binary", argv: ["/bin/bash", "-c"] };

/** Whether only Ctrl-C ends the command. */
function endless(line: string): boolean {
  return /--subscribe|app up\b/.test(line);
}

/** The backend of the Python package's guide, with the method that docs/manifest.md asks for. */
function agentOfTheGuide(): string {
  const guide = examplesOf("clients/python/README.md").find(({ section }) => section === "A backend");
  if (guide === undefined) throw new Error("clients/python/README.md shows no backend");
  return guide.text.replace(
    'if __name__ == "__main__":',
    '@backend.handler\ndef review(data):\n    return {}\n\n\nif __name__ == "__main__":',
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
