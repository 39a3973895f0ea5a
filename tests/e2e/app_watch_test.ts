import { assert, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AppInstance, AppStatus } from "../../src/protocol/methods/app_methods.ts";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary } from "./support.ts";

class WatchedApp implements AsyncDisposable {
  readonly #daemon: DaemonSandbox;

  private constructor(daemon: DaemonSandbox) {
    this.#daemon = daemon;
  }

  static async start(watch: string, files: readonly string[]): Promise<WatchedApp> {
    const app = new WatchedApp(await DaemonSandbox.create(binary));
    app.#daemon.sandbox.manifest(
      `[apps.a]\ncommand = "echo noise >> own.log; exec sleep 60"\nbackoff = { initial = "1ms" }\nwatch = ${watch}\n`,
    );
    for (const file of files) app.write(file);
    await app.#daemon.run("trust");
    await app.#daemon.run("app", "start", "a");
    return app;
  }

  write(file: string): void {
    const path = join(this.#daemon.sandbox.project, file);
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, String(Math.random()));
  }

  remove(path: string): void {
    rmSync(join(this.#daemon.sandbox.project, path), { recursive: true });
  }

  async instance(): Promise<AppInstance> {
    const apps: AppStatus[] = JSON.parse((await this.#daemon.run("app", "status", "--json", "a")).stdout);
    const instance = apps[0]?.instances[0];
    assert(instance !== undefined);
    return instance;
  }

  /** Writes again and again until the app was restarted because of that file. */
  async restartsBy(file: string): Promise<void> {
    for (;;) {
      this.write(file);
      // Longer than what is waited for after a change.
      await delay(400);
      if ((await this.instance()).restart_reason === `"${file}" changed`) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}

Deno.test("watch takes directories, and files in directories that are made later", async () => {
  await using app = await WatchedApp.start('["src"]', ["src/a.ts"]);
  await app.restartsBy("src/a.ts");
  await app.restartsBy("src/new/deep/b.ts");
  app.remove("src");
  await app.restartsBy("src/again.ts");
});

Deno.test("watch waits for a directory that is not there yet, and says that it watches nothing", async () => {
  await using app = await WatchedApp.start('["later/**/*.ts"]', []);
  for (;;) {
    const { reason } = await app.instance();
    if (reason === null) continue;
    assertStringIncludes(reason, "watch: nothing matches later/**/*.ts");
    break;
  }
  await app.restartsBy("later/a.ts");
});

Deno.test("watch takes literal brackets, and leaves out what ! and ignore name, and what the app logs", async () => {
  await using app = await WatchedApp.start(
    '{ paths = [".", "!docs"], ignore = ["**/*.log", "gen"], delay = "50ms" }',
    ["app/[id]/page.ts", "docs/a.md", "gen/a.ts"],
  );
  app.write("docs/a.md");
  app.write("gen/a.ts");
  app.write("x.log");
  await app.restartsBy("app/[id]/page.ts");
  app.write("docs/a.md");
  app.write("own.log");
  await app.restartsBy("seen.ts");
});
