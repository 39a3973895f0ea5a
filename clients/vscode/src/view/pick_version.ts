import { basename, dirname, sep } from "node:path";
import * as vscode from "vscode";
import type { Result } from "../../../../src/client/mod.ts";
import { failureText } from "../model/failure.ts";
import type { Tool } from "../model/project.ts";
import { ProjectFiles } from "../model/project_files.ts";
import { runtimeOf } from "../model/tool_rows.ts";
import { type VersionChoice, versionChoices } from "../model/version_choices.ts";
import { catalogueOf } from "./catalogue.ts";
import { installWithProgress } from "./install.ts";
import { type InManifest, isInManifest, placeOf, toolsIn } from "./place.ts";
import type { ToolElement } from "./tools_view.ts";
import type { Workspace } from "./workspace.ts";

interface VersionItem extends vscode.QuickPickItem {
  request: string;
}

/** Asks which version of a tool the project is to have, writes it to haft.toml and installs it. */
export async function pickVersion(
  workspace: Workspace,
  source?: ToolElement | InManifest,
): Promise<void> {
  const place = await placeOf(workspace, source);
  const row = isInManifest(source) ? undefined : source?.row;
  const named = isInManifest(source) ? source.name : undefined;
  const tools = await toolsIn(workspace, place);
  const tool = row?.kind === "tool"
    ? row.tool
    : tools.find(({ runtime }) => runtime === named) ?? await pickTool(tools);
  if (tool === undefined) return;
  const request = await askVersion(workspace, place.cwd, tool);
  if (request !== undefined) {
    await useVersion(workspace, place.cwd, { name: tool.runtime, request });
  }
}

/** Asks for a tool of the catalogue, or any that has a source, and adds it to haft.toml. */
export async function addTool(workspace: Workspace): Promise<void> {
  const { cwd } = await placeOf(workspace, undefined);
  const rows = await catalogueOf(workspace, cwd);
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
  const request = await askVersion(workspace, cwd, tool);
  if (request !== undefined) {
    await useVersion(workspace, cwd, { name: picked.label, request });
  }
}

async function pickTool(tools: readonly Tool[]): Promise<Tool | undefined> {
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

/** A list that changes under the mouse misleads, so the answer of the source is waited for this long. */
const ONE_LIST_MS = 300;

/** Installed versions stand there soon; those of the source follow. What is typed can be chosen, too. */
async function askVersion(
  workspace: Workspace,
  cwd: string,
  tool: Tool,
): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<VersionItem>();
  picker.title = `haft: ${tool.runtime}`;
  picker.placeholder = `A version or range${tool.request === null ? "" : `; haft.toml has ${tool.request}`}`;
  picker.busy = true;
  const requested = tool.request ?? undefined;
  let choices: readonly VersionChoice[] = [];
  const show = () => {
    const [active] = picker.activeItems;
    picker.items = itemsFor(choices, picker.value.trim());
    const same = picker.items.filter(({ request }) => request === active?.request);
    if (same.length > 0) picker.activeItems = same;
  };
  const stop = new AbortController();
  const ask = async (remote: boolean) =>
    await workspace.link.request("runtime.versions", { runtime: tool.runtime, cwd, remote }, {
      signal: stop.signal,
    });
  const fill = async () => {
    try {
      const { versions: installed } = await ask(false);
      const fillWith = (source: Partial<Result<"runtime.versions">>) => {
        choices = versionChoices({ requested, installed, available: source.versions, dates: source.dates });
        show();
      };
      const early = setTimeout(() => fillWith({}), ONE_LIST_MS);
      fillWith(await ask(true).finally(() => clearTimeout(early)));
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
  cwd: string,
  { name, request }: { name: string; request: string },
): Promise<void> {
  await saveManifest(cwd);
  const files = new ProjectFiles(cwd);
  try {
    await installWithProgress(workspace, cwd, {
      tool: { tool: name, request },
      async before(signal) {
        // "--" ends the flags: what was typed is a word, whatever it begins with.
        try {
          await workspace.run(["use", "--no-sync", "--", `${name}@${request}`], { cwd, signal });
        } finally {
          files.written();
        }
      },
    });
  } catch (error) {
    // As "haft use" does when it fails: the project goes on with the version that it had.
    const isBack = files.putBack();
    if (isBack) workspace.log.info(`${name}: ${files.manifest} and the lock file are as they were`);
    throw error;
  }
}

/** What is not saved would be in the way of what haft writes. */
async function saveManifest(cwd: string): Promise<void> {
  const open = vscode.workspace.textDocuments.find((
    { uri: { fsPath }, isDirty },
  ) =>
    isDirty && basename(fsPath) === "haft.toml" &&
    `${cwd}${sep}`.startsWith(`${dirname(fsPath)}${sep}`)
  );
  if (open === undefined) return;
  const save = "Save";
  const chosen = await vscode.window.showWarningMessage("haft.toml has changes that are not saved.", {
    modal: true,
    detail: "haft writes the version into the file on disk.",
  }, save);
  if (chosen !== save) throw new vscode.CancellationError();
  await open.save();
}
