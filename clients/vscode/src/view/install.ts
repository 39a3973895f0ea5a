import * as vscode from "vscode";
import { Disconnected } from "../../../../src/channel/errors.ts";
import { failuresText, InstallProgress, type Titled } from "../model/install_progress.ts";
import type { Project } from "../model/project.ts";
import { missingTools } from "../model/tool_rows.ts";
import { signalOf } from "./commands.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** Projects in which the question about missing tools was answered. */
const ASKED = "haft.askedToInstall";

/**
 * Installs all that a directory's project asks for, with what the daemon tells of it in a notification.
 *
 * @param before what is done first, under the same notification
 */
export async function installWithProgress(
  workspace: Workspace,
  cwd: string,
  { tool, before }: {
    /** The one that the title names. */
    tool?: Titled;
    before?: (signal: AbortSignal) => Promise<void>;
  } = {},
): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  await vscode.window.withProgress(
    {
      location,
      title: tool === undefined ? "haft" : `haft: ${tool.tool} ${tool.request}`,
      cancellable: true,
    },
    async (progress, token) => {
      const signal = signalOf(token);
      if (before !== undefined) {
        progress.report({ message: "writing haft.toml" });
        await before(signal);
      }
      progress.report({ message: "asking what is needed" });
      const told = new InstallProgress(tool);
      const sync = () =>
        workspace.link.request("tool.sync", { cwd }, {
          signal,
          onProgress(event, data) {
            const report = told.report(event, data);
            if (report !== undefined) progress.report(report);
          },
        });
      const result = await sync().catch(async (error: unknown) => {
        if (!(error instanceof Disconnected) || signal.aborted) throw error;
        workspace.log.warn(`The daemon ended while it installed; the next one goes on: ${error.message}`);
        progress.report({ message: "haft's daemon has ended; going on with the next" });
        return await sync();
      });
      if (!result.ok) throw new Error(failuresText(result.failed));
    },
  );
}

/** Offers to install missing tools: once for each project, not at each start. */
export class MissingToolsOffer implements vscode.Disposable {
  readonly #workspace: Workspace;
  readonly #memento: vscode.Memento;
  readonly #subscription: vscode.Disposable;

  constructor(workspace: Workspace, memento: vscode.Memento) {
    this.#workspace = workspace;
    this.#memento = memento;
    this.#subscription = workspace.onDidChange(({ project, part }) => {
      if (part === "tools") void this.#offer(project);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #offer(project: Project): Promise<void> {
    const missing = missingTools(project.state.tools);
    const asked = this.#memento.get<string[]>(ASKED) ?? [];
    if (missing.length === 0 || asked.includes(project.root) || !setting("notifyMissingTools")) return;
    await this.#memento.update(ASKED, [...asked, project.root]);
    const install = "Install";
    const chosen = await vscode.window.showInformationMessage(
      `This project asks for tools that are not installed: ${missing.join(", ")}`,
      install,
      "Not Now",
    );
    if (chosen === install) {
      await vscode.commands.executeCommand("haft.installMissing", { project });
    }
  }
}
