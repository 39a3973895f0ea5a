/** An AppService with real processes, in a directory of its own. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { resolvePaths } from "../../src/base/paths.ts";
import { AppService } from "../../src/apps/app_service.ts";
import { hostProcessTable } from "../../src/process/host_process_table.ts";
import { isDead } from "../../src/process/process_table.ts";
import { openProject } from "../../src/tools/project/project.ts";
import { ProjectCache } from "../../src/tools/project/project_cache.ts";

export interface EmittedEvent {
  type: string;
  subject: string | undefined;
  data: Record<string, unknown>;
}

/** Where one home and one project lie. */
export interface AppWorld {
  directory: string;
  root: string;
}

export function makeWorld(): AppWorld {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "haft-t-")));
  const root = join(directory, "project");
  mkdirSync(root);
  return { directory, root };
}

export function removeWorld({ directory }: AppWorld): void {
  rmSync(directory, { recursive: true, force: true });
}

export function worldContext({ directory }: AppWorld) {
  const env: Record<string, string | undefined> = {
    PATH: process.env["PATH"],
    HAFT_HOME: join(directory, "home"),
  };
  return { paths: resolvePaths({ env, platform: process.platform, home: directory }), home: directory, env };
}

/** Writes the project's haft.toml, and trusts it. */
export function writeApps(world: AppWorld, text: string, { trusted = true } = {}): void {
  writeFileSync(join(world.root, "haft.toml"), text);
  if (!trusted) return;
  const { gated, trust } = openProject(world.root, worldContext(world));
  trust.trust(gated);
}

/** An event that does not come is a failure, not a test without end. */
const EVENT_MS = 60_000;

export class AppHarness {
  readonly world: AppWorld;
  readonly events: EmittedEvent[] = [];
  readonly problems: string[] = [];
  /** Lines are counted and not kept. */
  countLines = false;
  lineCount = 0;
  readonly service: AppService;
  readonly #wakers = new Set<() => void>();

  constructor(world: AppWorld) {
    this.world = world;
    const user = worldContext(world);
    this.service = new AppService({
      stateDirectory: user.paths.state,
      emit: (type, data, subject) => {
        if (type === "app.log_line") this.lineCount++;
        if (type !== "app.log_line" || !this.countLines) this.events.push({ type, data, subject });
        for (const wake of this.#wakers) wake();
      },
      projects: new ProjectCache(user),
      onProblem: (text) => this.problems.push(text),
    });
  }

  get root(): string {
    return this.world.root;
  }

  /**
   * The first event that matches, past or future; a test that waits in vain ends by its runner's time limit.
   */
  async event(matches: (event: EmittedEvent) => boolean, { from = 0 } = {}): Promise<EmittedEvent> {
    const deadline = performance.now() + EVENT_MS;
    for (;;) {
      const found = this.events.slice(from).find(matches);
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        throw new Error(`No such event within ${EVENT_MS} ms; the last were ${this.types().slice(-10)}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#wakers.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, EVENT_MS);
        this.#wakers.add(wake);
      });
    }
  }

  state(state: string, options?: { from?: number }): Promise<EmittedEvent> {
    return this.event(({ type, data }) => type === "app.status_change" && data["state"] === state, options);
  }

  line(text: string, options?: { from?: number }): Promise<EmittedEvent> {
    return this.event(({ type, data }) => type === "app.log_line" && data["line"] === text, options);
  }

  lines(app?: string): string[] {
    return this.events.filter(({ type, subject }) =>
      type === "app.log_line" && (app === undefined || subject === app)
    )
      .map(({ data }) => String(data["line"]));
  }

  types(prefix = "app."): string[] {
    return this.events.filter(({ type }) => type.startsWith(prefix) && type !== "app.log_line").map((
      { type, data },
    ) => type === "app.status_change" ? `${data["state"]}` : type);
  }

  pid(name: string, instance = 0): number {
    const { apps } = this.service.status({ root: this.root, names: [name] });
    return apps[0]?.instances[instance]?.pid ?? 0;
  }
}

/** Runs a test in a world of its own; whatever it leaves running is stopped. */
export async function withApps(fn: (harness: AppHarness) => Promise<void>, toml = ""): Promise<void> {
  const world = makeWorld();
  writeApps(world, toml);
  const harness = new AppHarness(world);
  await harness.service.begin();
  try {
    await fn(harness);
  } finally {
    await harness.service.close({ keepApps: false });
    removeWorld(world);
  }
}

export function isAlive(pid: number): boolean {
  const found = hostProcessTable().find(pid);
  return found !== undefined && !isDead(found);
}
