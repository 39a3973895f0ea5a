import { existsSync } from "node:fs";
import { sep } from "node:path";
import * as vscode from "vscode";
import { failureText } from "../model/failure.ts";
import {
  type SettingOffer,
  settingOffers,
  type SettingValue,
  wantedSettings,
} from "../model/other_extensions.ts";
import type { Project } from "../model/project.ts";
import { missingTools } from "../model/tool_rows.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** Folder → setting → the value that was written into the folder's settings with the person's yes. */
const WRITTEN = "haft.writtenSettings";
/** Folder → the offers that were answered. */
const OFFERED = "haft.offeredSettings";

type PerFolder<T> = Readonly<Record<string, T>>;

const WHAT: Record<SettingOffer["kind"], string> = {
  set: "not set yet",
  update: "names what the project had before",
  remove: "the project no longer has this tool: takes the setting back",
  replace: "you have set another value",
};

/**
 * Settings of other extensions that can name the project's tools. They are offered once for each project and
 * version, and written only when the person chooses them.
 */
export class OtherExtensions implements vscode.Disposable {
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

  /** The person asks for the list. */
  async configure(): Promise<void> {
    const project = await this.#workspace.pickProject();
    if (project === undefined) throw new Error("Open a folder first");
    const offers = await this.#offersFor(project);
    if (offers.length > 0) return await this.#choose(project, offers);
    await vscode.window.showInformationMessage(
      "No installed extension has a setting for this project's tools that is not set already",
    );
  }

  async #offer(project: Project): Promise<void> {
    if (!setting("otherExtensions.offerSettings")) return;
    const offers = (await this.#offersFor(project)).filter(({ kind }) => kind !== "replace");
    const offered = this.#memento.get<PerFolder<string>>(OFFERED) ?? {};
    const text = JSON.stringify(offers);
    if (offers.length === 0 || offered[project.root] === text) return;
    await this.#memento.update(OFFERED, { ...offered, [project.root]: text });
    const choose = "Choose…";
    const folder = this.#workspace.nameAmongSeveral(project);
    const chosen = await vscode.window.showInformationMessage(
      `${
        folder === undefined ? "" : `${folder}: `
      }Settings of other extensions can follow this project's tools: ${
        offers.map((offer) => offer.setting).join(", ")
      }`,
      choose,
      "Not Now",
    );
    // The project may have changed since the question was asked.
    if (chosen === choose) await this.#choose(project, await this.#offersFor(project));
  }

  async #choose(project: Project, offers: readonly SettingOffer[]): Promise<void> {
    const items = offers.map((offer) => ({
      label: offer.setting,
      description: offer.value?.toString() ?? "",
      detail: WHAT[offer.kind],
      picked: offer.kind !== "replace",
      offer,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: "haft: Settings of Other Extensions",
      placeHolder: "Chosen ones are written to this folder's .vscode/settings.json",
      canPickMany: true,
    });
    for (const { offer } of picked ?? []) {
      try {
        await this.#write(project, offer);
      } catch (error) {
        // One that an extension keeps for the whole window has no place in one folder of several.
        void vscode.window.showErrorMessage(`${offer.setting} was not written: ${failureText(error)}`);
      }
    }
  }

  async #write(project: Project, { setting, value }: SettingOffer): Promise<void> {
    await vscode.workspace.getConfiguration(undefined, this.#workspace.folderOf(project)).update(
      setting,
      value,
      // The same file; in a window with one folder it takes settings of every scope.
      this.#workspace.projects.length > 1
        ? vscode.ConfigurationTarget.WorkspaceFolder
        : vscode.ConfigurationTarget.Workspace,
    );
    const all = this.#memento.get<PerFolder<PerFolder<SettingValue>>>(WRITTEN) ?? {};
    const { [setting]: _, ...others } = all[project.root] ?? {};
    const written = value === undefined ? others : { ...others, [setting]: value };
    await this.#memento.update(WRITTEN, { ...all, [project.root]: written });
  }

  async #offersFor(project: Project): Promise<SettingOffer[]> {
    const { root, state: { tools } } = project;
    const settings = vscode.workspace.getConfiguration(undefined, this.#workspace.folderOf(project));
    const wanted = await wantedSettings(tools, {
      hasExtension: (id) => vscode.extensions.getExtension(id) !== undefined,
      exists: existsSync,
      executable: async (runtime) => {
        const found = await this.#workspace.link.ask("runtime.resolve", { runtime, cwd: root })
          .catch(() => undefined);
        const isOwn = found !== undefined && found.args.length === 0 &&
          found.decided_by.startsWith(`${root}${sep}`);
        return isOwn ? found.executable : undefined;
      },
    });
    return settingOffers(wanted, {
      current(name) {
        const { workspaceFolderValue, workspaceValue, globalValue } = settings.inspect(name) ?? {};
        return workspaceFolderValue ?? workspaceValue ?? globalValue;
      },
      written: this.#memento.get<PerFolder<PerFolder<SettingValue>>>(WRITTEN)?.[root] ?? {},
      isComplete: missingTools(tools).length === 0,
    });
  }
}
