import { join } from "node:path";
import * as vscode from "vscode";
import { failureText } from "../model/failure.ts";
import type { Project, Tool } from "../model/project.ts";
import { runtimeOf } from "../model/tool_rows.ts";
import { type VersionChoice, versionChoices } from "../model/version_choices.ts";
import { catalogueOf } from "./catalogue.ts";
import { installWithProgress } from "./install.ts";
import type { ToolElement } from "./tools_view.ts";
import type { Workspace } from "./workspace.ts";

interface VersionItem extends vscode.QuickPickItem {
  request: string;
}

/** Asks which version of a tool the project is to have, writes it to haft.toml and installs it. */
export async function pickVersion(workspace: Workspace, element?: ToolElement): Promise<void> {
  const project = element?.project ?? await workspace.pickProject();
  if (project === undefined) throw new Error("Open a folder first");
  const tool = element?.row?.kind === "tool" ? element.row.tool : await pickTool(project);
  if (tool === undefined) return;
  const request = await askVersion(workspace, project, tool);
  if (request !== undefined) {
    await useVersion(workspace, project, { name: tool.runtime, request });
  }
}

/** Asks for a tool of the catalogue, or any that has a source, and adds it to haft.toml. */
export async function addTool(workspace: Workspace): Promise<void> {
  const project = await workspace.pickProject();
  if (project === undefined) throw new Error("Open a folder first");
  const rows = await catalogueOf(workspace, project.root);
  const picked = await vscode.window.showQuickPick(
    rows.map(({ name, description }) => ({ label: name, description })),
    { title: "haft: Add a Tool", placeHolder: "Choose a tool of the catalogue", matchOnDescription: true },
  );
  if (picked === undefined) return;
  const version = null;
  const tool: Tool = {
    runtime: picked.label,
    request: null,
    version,
    installed: false,
    path: null,
    decided_by: null,
  };
  const request = await askVersion(workspace, project, tool);
  if (request !== undefined) {
    await useVersion(workspace, project, { name: picked.label, request });
  }
}

async function pickTool({ state: { tools } }: Project): Promise<Tool | undefined> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  const active = language === undefined ? undefined : runtimeOf(language, tools);
  if (tools.length === 0) {
    throw new Error('This folder asks for no tools. "haft: Add a Tool" adds one');
  }
  const first = active === undefined ? tools : [active, ...tools.filter((tool) => tool !== active)];
  const picked = await vscode.window.showQuickPick(
    first.map((tool) => ({ label: tool.runtime, description: tool.version ?? tool.request ?? "", tool })),
    { title: "haft: Choose a Version", placeHolder: "Of which tool?" },
  );
  return picked?.tool;
}

/** Installed versions stand there at once; those of the source follow. What is typed can be chosen, too. */
async function askVersion(workspace: Workspace, project: Project, tool: Tool): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<VersionItem>();
  picker.title = `haft: ${tool.runtime}`;
  picker.placeholder = `A version or range${tool.request === null ? "" : `; haft.toml has ${tool.request}`}`;
  picker.busy = true;
  const requested = tool.request ?? undefined;
  let choices: readonly VersionChoice[] = [];
  const show = () => picker.items = itemsFor(choices, picker.value.trim());
  const stop = new AbortController();
  const ask = async (remote: boolean) =>
    (await workspace.link.request("runtime.versions", { runtime: tool.runtime, cwd: project.root, remote }, {
      signal: stop.signal,
    })).versions;
  const fill = async () => {
    try {
      const installed = await ask(false);
      choices = versionChoices({ requested, installed, available: undefined });
      show();
      choices = versionChoices({ requested, installed, available: await ask(true) });
      show();
    } catch (error) {
      if (!stop.signal.aborted) {
        picker.title = `haft: ${tool.runtime}. ${failureText(error)}`;
      }
    } finally {
      picker.busy = false;
    }
  };
  try {
    return await new Promise((resolve) => {
      picker.onDidChangeValue(show);
      picker.onDidAccept(() => resolve(picker.selectedItems[0]?.request));
      picker.onDidHide(() => resolve(undefined));
      picker.show();
      void fill();
    });
  } finally {
    stop.abort();
    picker.dispose();
  }
}

function itemsFor(choices: readonly VersionChoice[], typed: string): VersionItem[] {
  const items = choices.map(({ request, detail, kind, installed }): VersionItem => ({
    label: request,
    description: detail,
    request,
    iconPath: new vscode.ThemeIcon(installed ? "check" : kind === "version" ? "blank" : "versions"),
  }));
  const isKnown = typed === "" || items.some(({ label }) => label === typed);
  return isKnown ? items : [...items, {
    label: typed,
    description: "as typed",
    request: typed,
    alwaysShow: true,
    iconPath: new vscode.ThemeIcon("edit"),
  }];
}

async function useVersion(
  workspace: Workspace,
  project: Project,
  { name, request }: { name: string; request: string },
): Promise<void> {
  await saveManifest(project);
  await installWithProgress(workspace, project, {
    title: `haft: ${name} ${request}`,
    // "--" ends the flags: what was typed is a word, whatever it begins with.
    before: async (signal) =>
      void await workspace.run(["use", "--no-sync", "--", `${name}@${request}`], {
        cwd: project.root,
        signal,
      }),
  });
}

/** What is not saved would be in the way of what haft writes. */
async function saveManifest({ root }: Project): Promise<void> {
  const path = join(root, "haft.toml");
  const open = vscode.workspace.textDocuments.find(({ uri, isDirty }) => isDirty && uri.fsPath === path);
  if (open === undefined) return;
  const save = "Save";
  const chosen = await vscode.window.showWarningMessage("haft.toml has changes that are not saved.", {
    modal: true,
    detail: "haft writes the version into the file on disk.",
  }, save);
  if (chosen !== save) throw new vscode.CancellationError();
  await open.save();
}
