import { homedir } from "node:os";
import { basename } from "node:path";
import process from "node:process";
import * as vscode from "vscode";
import type { DaemonEvent } from "../../../../src/client/mod.ts";
import { type NoDaemon, noDaemon } from "../model/daemon_words.ts";
import { DaemonLink, type LinkState } from "../model/daemon_link.ts";
import { failureText } from "../model/failure.ts";
import { daemonSockets } from "../model/find_daemon.ts";
import { findHaft, HaftMissing, runHaft } from "../model/haft_command.ts";
import { type Part, Project } from "../model/project.ts";
import { watchSockets } from "../model/socket_watch.ts";
import { protocolSkew } from "../model/version_skew.ts";
import { setting } from "./settings.ts";

const LAGGED_SHOWN_MS = 10_000;

export interface ProjectChange {
  project: Project;
  part: Part;
}

/**
 * What a window has of haft: one connection, and a project for each folder. Until VS Code trusts the
 * workspace it neither connects nor starts anything.
 */
export class Workspace implements vscode.Disposable {
  readonly version: string;
  readonly link: DaemonLink;
  readonly log: vscode.LogOutputChannel;
  readonly #projects = new Map<string, Project>();
  readonly #changed = new vscode.EventEmitter<ProjectChange>();
  readonly #events = new vscode.EventEmitter<DaemonEvent>();
  readonly #states = new vscode.EventEmitter<LinkState>();
  readonly #disposables: vscode.Disposable[];
  #state: LinkState = { state: "absent" };
  #noDaemon: NoDaemon | undefined;
  #daemonExecutable: string | undefined;
  #told: string | undefined;

  /** @param version the extension's own */
  constructor(version: string) {
    this.version = version;
    this.log = vscode.window.createOutputChannel("haft", { log: true });
    this.link = new DaemonLink({
      version,
      sockets() {
        requireTrust();
        return daemonSockets(setting("socket"), process.env);
      },
      start: () => this.#startDaemon(),
      autoStart: () => setting("daemon.autoStart"),
      watch: watchSockets,
      onState: (state) => this.#onState(state),
      onEvent: (event) => this.#onEvent(event),
      onFresh: () => void this.#onFresh(),
      trace: () => setting("trace") ? (line) => this.log.info(line) : undefined,
    });
    this.#disposables = [
      this.log,
      this.#changed,
      this.#events,
      this.#states,
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#readFolders()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.begin()),
      // The daemon tells of it as well, where the system lets it watch the directory.
      vscode.workspace.onDidSaveTextDocument(({ uri }) => this.#onSaved(uri)),
    ];
  }

  get onDidChange(): vscode.Event<ProjectChange> {
    return this.#changed.event;
  }

  get onEvent(): vscode.Event<DaemonEvent> {
    return this.#events.event;
  }

  get onDidChangeState(): vscode.Event<LinkState> {
    return this.#states.event;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** What is said while no daemon tells how things stand; undefined while one does. */
  get noDaemon(): NoDaemon | undefined {
    return this.#projects.size === 0 ? undefined : this.#noDaemon;
  }

  get projects(): readonly Project[] {
    return [...this.#projects.values()];
  }

  /** Connects, where VS Code trusts the workspace. */
  begin(): void {
    if (!vscode.workspace.isTrusted) return;
    this.#readFolders();
    void this.link.begin();
  }

  /** The project of a folder. @throws {Error} when the window has no such folder */
  projectOf(folder: vscode.WorkspaceFolder): Project {
    const project = this.#projects.get(folder.uri.fsPath);
    if (project === undefined) {
      throw new Error(`haft does not know the folder "${folder.name}"`);
    }
    return project;
  }

  folderOf({ root }: Project): vscode.WorkspaceFolder | undefined {
    return vscode.workspace.getWorkspaceFolder(vscode.Uri.file(root));
  }

  /** A folder's name where the window has more than one. */
  nameAmongSeveral(project: Project): string | undefined {
    return this.#projects.size > 1 ? this.folderOf(project)?.name : undefined;
  }

  /** The project of the active file, else the only one; asks where there are several. */
  async pickProject(): Promise<Project | undefined> {
    const active = vscode.window.activeTextEditor?.document.uri;
    const folder = active === undefined ? undefined : vscode.workspace.getWorkspaceFolder(active);
    if (folder !== undefined && this.#projects.has(folder.uri.fsPath)) {
      return this.projectOf(folder);
    }
    if (this.#projects.size <= 1) return this.projects[0];
    const picked = await vscode.window.showWorkspaceFolderPick();
    return picked === undefined ? undefined : this.projectOf(picked);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.projects.map((project) => project.refresh()));
  }

  /**
   * Runs haft without a shell.
   *
   * @throws {HaftMissing} naming what was looked for
   */
  async run(args: readonly string[], options: { cwd: string; signal?: AbortSignal }): Promise<string> {
    if (!vscode.workspace.isTrusted) {
      throw new Error("haft runs nothing in restricted mode");
    }
    if (setting("trace")) this.log.info(`$ haft ${args.join(" ")}`);
    return await runHaft(this.executable(), args, { env: process.env, ...options });
  }

  /** @throws {HaftMissing} naming what was looked for */
  executable(): string {
    return findHaft(setting("path"), { env: process.env, home: homedir(), ofDaemon: this.#daemonExecutable });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
    void this.link[Symbol.asyncDispose]();
  }

  async #startDaemon(): Promise<string> {
    const socket = setting("socket");
    const args = ["daemon", "start", "--json", ...(socket === "" ? [] : ["--socket", socket])];
    return JSON.parse(await this.run(args, { cwd: homedir() })).socket;
  }

  #readFolders(): void {
    if (!vscode.workspace.isTrusted) return;
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const roots = new Set(folders.map(({ uri }) => uri.fsPath));
    for (const root of this.#projects.keys()) {
      if (!roots.has(root)) this.#projects.delete(root);
    }
    for (const root of roots) {
      if (this.#projects.has(root)) continue;
      const project: Project = new Project({
        root,
        ask: (method, params) => this.link.ask(method, params),
        onChange: (part) => this.#changed.fire({ project, part }),
        onProblem: (part, error) => this.#onProblem(project, part, error),
      });
      this.#projects.set(root, project);
      if (this.#state.state === "connected") void project.refresh();
    }
  }

  #onSaved({ scheme, fsPath }: vscode.Uri): void {
    if (scheme !== "file" || basename(fsPath) !== "haft.toml" || this.#state.state !== "connected") return;
    for (const project of this.projects) void project.refresh(["tools", "trust", "environment", "tasks"]);
  }

  #onEvent(event: DaemonEvent): void {
    if (event.event === "lagged") {
      const text =
        `haft: the window was too slow for ${event.data.dropped} events; everything is asked again`;
      this.log.warn(text);
      vscode.window.setStatusBarMessage(text, LAGGED_SHOWN_MS);
    }
    for (const project of this.#projects.values()) void project.handle(event);
    this.#events.fire(event);
  }

  #onState(state: LinkState): void {
    this.#state = state;
    this.#noDaemon = noDaemon(state, this.#noDaemon);
    if (state.state === "connected") {
      const { version, pid } = state.ack;
      this.log.info(`Connected to the daemon, haft ${version}, pid ${pid}`);
    } else if (state.state === "failed") {
      this.log.error(failureText(state.error));
      if (vscode.workspace.isTrusted) void this.#tell(state.error);
    } else this.log.info(`The daemon: ${state.state}`);
    this.#states.fire(state);
  }

  async #onFresh(): Promise<void> {
    await this.refresh();
    const status = await this.link.ask("daemon.status", {}).catch(() => undefined);
    this.#daemonExecutable = status?.executable ?? this.#daemonExecutable;
  }

  /** The last good state stays, and the view says what is wrong; the log has each failure once. */
  #onProblem(project: Project, part: Part, error: unknown): void {
    if (error === undefined) this.log.info(`${project.root}: ${part} can be read again`);
    else if (this.#state.state === "connected") {
      this.log.warn(`${project.root}: ${part}: ${failureText(error)}`);
      // The view has a row for it.
      this.#changed.fire({ project, part });
    }
  }

  async #tell(error: unknown): Promise<void> {
    const text = failureText(error);
    if (this.#told === text) return;
    this.#told = text;
    const chosen = await vscode.window.showErrorMessage(text, ...choicesFor(error));
    if (chosen === "Restart the Daemon") {
      await vscode.commands.executeCommand("haft.daemon.restart");
    }
    if (chosen === "Check for Updates") {
      await vscode.commands.executeCommand("workbench.extensions.action.checkForUpdates");
    }
    if (chosen === "Install haft…") {
      await vscode.commands.executeCommand("haft.install");
    }
    if (chosen === "Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "haft.path");
    }
    if (chosen === "Show Output") this.log.show();
  }
}

/** What a person can do about a daemon that cannot be reached. */
function choicesFor(error: unknown): string[] {
  if (error instanceof HaftMissing) return ["Install haft…", "Settings"];
  switch (protocolSkew(error)?.older) {
    case "daemon":
      return ["Restart the Daemon", "Show Output"];
    case "extension":
      return ["Check for Updates", "Show Output"];
    default:
      return ["Show Output"];
  }
}

/** @throws {Error} until VS Code trusts the workspace */
function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw new Error("haft runs nothing in restricted mode");
}
