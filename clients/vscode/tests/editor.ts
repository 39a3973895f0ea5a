import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { type Haft, Sandbox } from "../../../tests/e2e/support.ts";

export interface EditorOptions {
  registry: string;
  /** Settings of the user besides those that keep the editor quiet. */
  settings?: Record<string, unknown>;
  /** Further extensions, unpacked: `publisher.name-1.0.0` → file → its text. */
  extensions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** VS Code asks whether the folder is trusted. Default: it does not, and trusts it. */
  asksForTrust?: boolean;
}

const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.colorTheme": "Default Light Modern",
  "terminal.integrated.gpuAcceleration": "off",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "chat.commandCenter.enabled": false,
};

const VIEWPORT = { width: 1100, height: 700 };

/** Generous: the machine may be busy. Nothing asserts on it. */
const LIMIT_MS = 120_000;

const HAFT: Haft = { name: "binary", argv: [given("HAFT_TEST_BINARY")] };

/** code-server with the packed extension in a home of its own, and a browser in front of it. */
export class Editor implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly #options: EditorOptions;
  readonly #port: number;
  #server: ChildProcess | undefined;
  #browser: Browser | undefined;
  #page: Page | undefined;

  private constructor(sandbox: Sandbox, options: EditorOptions, port: number) {
    this.sandbox = sandbox;
    this.#options = options;
    this.#port = port;
  }

  static async create(options: EditorOptions): Promise<Editor> {
    const sandbox = await Sandbox.create({ registry: options.registry });
    const editor = new Editor(sandbox, options, await freePort());
    // Where the installer puts it. VS Code takes PATH from a login shell, which sets its own.
    mkdirSync(editor.#bin, { recursive: true });
    symlinkSync(given("HAFT_TEST_BINARY"), join(editor.#bin, "haft"));
    mkdirSync(join(editor.#data, "User"), { recursive: true });
    const settings = { ...QUIET_SETTINGS, ...options.settings };
    writeFileSync(
      join(editor.#data, "User", "settings.json"),
      JSON.stringify(settings, null, 2),
    );
    for (const [name, files] of Object.entries(options.extensions ?? {})) {
      const directory = join(editor.#extensions, name);
      mkdirSync(directory, { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        writeFileSync(join(directory, file), text);
      }
    }
    // Installed once for every test's editor. VS Code makes the list of what is there anew.
    cpSync(given("HAFT_TEST_EXTENSIONS"), editor.#extensions, {
      recursive: true,
      filter: (path) => !path.endsWith("extensions.json"),
    });
    return editor;
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error("No window is open");
    return this.#page;
  }

  get environment(): Record<string, string> {
    return this.sandbox.environment({
      PATH: `${this.#bin}:/usr/local/bin:/usr/bin:/bin`,
      SHELL: "/bin/bash",
    });
  }

  /** Writes settings of the machine, such as paths; the next window has them. */
  setMachine(settings: Record<string, unknown>): void {
    mkdirSync(join(this.#data, "Machine"), { recursive: true });
    writeFileSync(
      join(this.#data, "Machine", "settings.json"),
      JSON.stringify(settings, null, 2),
    );
  }

  /** Opens a window with a folder, or a workspace's file. */
  async open(path: string = this.sandbox.project): Promise<Page> {
    await this.#start();
    this.#browser ??= await chromium.launch({
      executablePath: given("HAFT_TEST_CHROMIUM"),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
      ],
    });
    const context = await this.#browser.newContext({ viewport: VIEWPORT });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    const kind = path.endsWith(".code-workspace") ? "workspace" : "folder";
    await page.goto(
      `http://127.0.0.1:${this.#port}/?${kind}=${encodeURIComponent(path)}`,
    );
    await page.waitForSelector(".monaco-workbench .statusbar");
    this.#page = page;
    return page;
  }

  /** Which of the open windows is worked in. */
  use(page: Page): void {
    this.#page = page;
  }

  /** Runs a command by its name in the palette. */
  async command(name: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(
      ".quick-input-widget .quick-input-box input",
    );
    await input.fill(`>${name}`);
    await this.page.locator(".quick-input-list .monaco-list-row", {
      hasText: name,
    }).first().click();
  }

  /** An entry of a list of choices. */
  choice(name: RegExp): Locator {
    return this.page.locator(".quick-input-list").getByRole("option", { name });
  }

  /** Chooses a version once the source's are listed. @param before called as it is picked */
  async chooseVersion(
    tool: string,
    version: RegExp,
    before?: () => void,
  ): Promise<void> {
    const picker = this.page.locator(".quick-input-widget");
    await picker.locator(".quick-input-title", { hasText: `haft: ${tool}` })
      .waitFor();
    await picker.locator(".monaco-progress-container:not(.active)").waitFor({
      state: "attached",
    });
    const choice = this.choice(version).first();
    await choice.hover();
    before?.();
    await choice.click();
  }

  /** Types a line into a new terminal. @param folder where a window has several */
  async terminal(line: string, folder?: string): Promise<void> {
    await this.command("Terminal: Create New Terminal");
    if (folder !== undefined) {
      await this.choice(new RegExp(`^${folder}`)).click();
    }
    await this.page.locator(".terminal-wrapper.active .xterm-helper-textarea")
      .focus();
    await this.page.locator(".terminal-wrapper.active .xterm-rows", {
      hasText: /[$#]/,
    }).waitFor();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press("Enter");
  }

  /** Runs haft in the project, as a person does in another terminal. */
  async haft(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sandbox.run(HAFT, { args });
    if (code !== 0) throw new Error(`haft ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async daemonPid(): Promise<number> {
    return JSON.parse(await this.haft("daemon", "status", "--json")).pid;
  }

  /** The extension's output channel. */
  log(): string {
    const logs = readdirSync(join(this.#data, "logs"), {
      recursive: true,
      encoding: "utf8",
    }).filter((name) => name.endsWith("haft.haft/haft.log"));
    return logs.map((name) => readFileSync(join(this.#data, "logs", name), "utf8")).join("");
  }

  /** Waits for something outside of the window. */
  async until(holds: () => boolean): Promise<void> {
    const limit = performance.now() + LIMIT_MS;
    while (!holds()) {
      if (performance.now() > limit) {
        throw new Error(`Never came true: ${holds}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Puts the cursor at a place, both from 1. */
  async goTo(line: number, column: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    const input = this.page.locator(
      ".quick-input-widget .quick-input-box input",
    );
    await input.fill(`:${line}:${column}`);
    await input.press("Enter");
    await this.cursor(line, column);
  }

  /** Waits until the cursor is at a place, both from 1. */
  async cursor(line: number, column: number): Promise<void> {
    await this.page.locator(".statusbar-item", {
      hasText: `Ln ${line}, Col ${column}`,
    }).waitFor();
  }

  /** Presses a button of a row, which is there while the mouse rests on the row. */
  async rowAction(row: string | RegExp, action: string): Promise<void> {
    await this.row(row).first().hover();
    await this.row(row).first().locator(`.action-label[aria-label^="${action}"]`).click();
  }

  /** Shows haft's views. */
  async showHaft(): Promise<void> {
    await this.page.locator('.activitybar a[aria-label="haft"]').first()
      .click();
  }

  row(text: string | RegExp): Locator {
    return this.page.locator(".pane-body .monaco-list-row", { hasText: text });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast", { hasText: text });
  }

  get status(): Locator {
    return this.page.locator('.statusbar-item[id="haft.haft.haft.runtime"]');
  }

  /** Opens a file of the project by its name. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    const input = this.page.locator(
      ".quick-input-widget .quick-input-box input",
    );
    await input.fill(name);
    // The list is made anew when files were searched: the row that has the focus counts, not where it is.
    await this.page.locator(".quick-input-list .monaco-list-row.focused", {
      hasText: name,
    }).waitFor();
    await input.press("Enter");
    await this.page.waitForSelector(`.tab.active[aria-label*="${name}"]`);
  }

  /** @param height of the part of the window that is kept, from above */
  async screenshot(name: string, height = VIEWPORT.height): Promise<void> {
    const directory = process.env["HAFT_TEST_SCREENSHOTS"];
    if (directory !== undefined) {
      const clip = { x: 0, y: 0, width: VIEWPORT.width, height };
      await this.page.screenshot({
        path: join(directory, `${name}.png`),
        clip,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const kept = process.env["HAFT_TEST_SCREENSHOTS"];
    if (kept !== undefined && this.#page !== undefined) {
      // What a test that failed looked at, and what the extension had to say.
      await this.screenshot(`last-${this.#port}`);
      cpSync(join(this.#data, "logs"), join(kept, `logs-${this.#port}`), { recursive: true });
    }
    await this.#browser?.close();
    this.#server?.kill();
    await this.sandbox.run(HAFT, { args: ["daemon", "stop"] });
    await new Promise((resolve) => {
      if (
        this.#server === undefined || this.#server.exitCode !== null ||
        this.#server.signalCode !== null
      ) {
        resolve(undefined);
      } else this.#server.once("exit", resolve);
    });
    await this.sandbox[Symbol.asyncDispose]();
  }

  get #bin(): string {
    return join(this.sandbox.root, "home", ".local", "bin");
  }

  get #data(): string {
    return join(this.sandbox.root, "code");
  }

  get #extensions(): string {
    return join(this.sandbox.root, "extensions");
  }

  get #argv(): string[] {
    const { asksForTrust } = this.#options;
    return [
      given("HAFT_TEST_CODE_SERVER"),
      "--auth=none",
      `--bind-addr=127.0.0.1:${this.#port}`,
      `--config=${join(this.sandbox.root, "code-server.yaml")}`,
      `--user-data-dir=${this.#data}`,
      `--extensions-dir=${this.#extensions}`,
      "--disable-telemetry",
      "--disable-update-check",
      ...(asksForTrust === true ? [] : ["--disable-workspace-trust"]),
    ];
  }

  async #start(): Promise<void> {
    if (this.#server !== undefined) return;
    this.#server = this.#spawn(this.#argv);
    const { stdout } = this.#server;
    await new Promise<void>((resolve, reject) => {
      let output = "";
      stdout?.on("data", (text) => {
        output += text;
        if (output.includes("HTTP server listening")) resolve();
      });
      this.#server?.once(
        "exit",
        () => reject(new Error(`code-server ended:\n${output}`)),
      );
    });
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn("node", args, {
      cwd: this.sandbox.root,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set. Run "deno task test:editor"`);
  }
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        resolve(
          typeof address === "object" && address !== null ? address.port : 0,
        )
      );
    });
  });
}
