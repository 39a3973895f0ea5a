import { homedir } from "node:os";
import * as vscode from "vscode";
import { isOlder } from "../model/version_skew.ts";
import { command } from "./commands.ts";
import type { Workspace } from "./workspace.ts";

/** Commands about the daemon, its log, and haft itself. */
export function registerDaemonCommands(workspace: Workspace): vscode.Disposable {
  const { log } = workspace;
  return vscode.Disposable.from(
    command(workspace, "haft.daemon.start", () => workspace.link.request("daemon.ping", {})),
    command(workspace, "haft.daemon.restart", async () => {
      await workspace.run(["daemon", "restart"], { cwd: homedir() });
    }),
    command(workspace, "haft.showOutput", () => log.show()),
    command(workspace, "haft.toggleTrace", async () => {
      const settings = vscode.workspace.getConfiguration("haft");
      const on = settings.get<boolean>("trace") !== true;
      await settings.update("trace", on, vscode.ConfigurationTarget.Global);
      // The person goes on with what is to be looked at.
      if (on) log.show(true);
      log.info(on ? "Everything that goes over the wire follows" : "The wire is no longer shown");
    }),
    command(workspace, "haft.install", installHaft),
    tellOfOlderDaemon(workspace),
  );
}

/** Stands for the daemon after which the person knows. */
const UPDATED_BY_HAND = "";

/** Typed into a terminal; the person presses Enter. */
const INSTALL = "npm install --global haft";

async function installHaft(): Promise<void> {
  const ways = [{ label: "Install it by npm", detail: INSTALL }, {
    label: "I have it: choose the file",
    detail: "Writes haft.path into your settings",
  }];
  const way = await vscode.window.showQuickPick(ways, { title: "Install haft" });
  if (way === undefined) return;
  if (way.detail === INSTALL) {
    const terminal = vscode.window.createTerminal("Install haft");
    terminal.show();
    terminal.sendText(INSTALL, false);
    return;
  }
  const [file] = await vscode.window.showOpenDialog({ title: "The haft executable" }) ?? [];
  if (file === undefined) return;
  await vscode.workspace.getConfiguration("haft").update(
    "path",
    file.fsPath,
    vscode.ConfigurationTarget.Global,
  );
}

/**
 * One question for each version that is older than this extension; a restart may show that haft itself is.
 */
function tellOfOlderDaemon(workspace: Workspace): vscode.Disposable {
  /** Version → the daemon that was told of. */
  const told = new Map<string, string>();
  return workspace.onDidChangeState(async (state) => {
    if (state.state !== "connected") return;
    const { version, epoch } = state.ack;
    const before = told.get(version);
    if (before === epoch || before === UPDATED_BY_HAND || !isOlder(version, workspace.version)) return;
    told.set(version, before === undefined ? epoch : UPDATED_BY_HAND);
    const text = `The daemon is haft ${version}; this extension is of ${workspace.version}.`;
    if (before !== undefined) {
      await vscode.window.showWarningMessage(`${text} "haft self update" updates haft itself`);
      return;
    }
    const restart = "Restart the Daemon";
    const chosen = await vscode.window.showWarningMessage(
      `${text} Apps and tasks go on while it restarts.`,
      restart,
    );
    if (chosen === restart) await vscode.commands.executeCommand("haft.daemon.restart");
  });
}
