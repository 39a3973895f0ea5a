import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { isRunning } from "../model/app_rows.ts";
import { completeManifest, type Completion } from "../model/complete_manifest.ts";
import { definitionOf, type Place } from "../model/definition.ts";
import { lensesOf } from "../model/lenses.ts";
import { keyText, type ManifestWords, type Schema, schemaAt, wordsAt } from "../model/manifest_schema.ts";
import { outlineOf, tableAt } from "../model/outline.ts";
import { toolRow } from "../model/tool_rows.ts";
import { catalogueOf } from "./catalogue.ts";
import { type InManifest, placeOfFile, toolsIn } from "./place.ts";
import { quickFixes } from "./quick_fixes.ts";
import { setting } from "./settings.ts";
import type { Workspace } from "./workspace.ts";

/** By the file's name: whether a TOML extension is there or not. */
const MANIFESTS: vscode.DocumentSelector = { scheme: "file", pattern: "**/haft.toml" };

/** Completion, hover, definitions and lenses of haft.toml, from haft's own schema and manual. */
export function registerManifestLanguage(
  workspace: Workspace,
  { extensionPath }: { extensionPath: string },
): vscode.Disposable {
  const read = (name: string) => JSON.parse(readFileSync(join(extensionPath, "media", name), "utf8"));
  let loaded: { schema: Schema; words: ManifestWords } | undefined;
  // Read when it is first needed: starting the extension reads no file.
  const manual = () => loaded ??= { schema: read("haft.schema.json"), words: read("manifest_words.json") };
  const { languages } = vscode;
  const appsChanged = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    languages.registerCompletionItemProvider(
      MANIFESTS,
      {
        provideCompletionItems: (document, position) => complete(workspace, document, position, manual()),
      },
      '"',
      "[",
      ".",
    ),
    languages.registerHoverProvider(MANIFESTS, {
      provideHover: (document, position) => hover(workspace, document, position, manual()),
    }),
    languages.registerDefinitionProvider(MANIFESTS, {
      provideDefinition(document, position) {
        const place = definitionOf(document.getText(), position);
        return place === undefined ? undefined : new vscode.Location(document.uri, rangeOf(place));
      },
    }),
    languages.registerCodeLensProvider(MANIFESTS, {
      onDidChangeCodeLenses: appsChanged.event,
      provideCodeLenses: (document) => setting("codeLens") ? lenses(workspace, document) : [],
    }),
    languages.registerCodeActionsProvider(MANIFESTS, quickFixes, {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    appsChanged,
    workspace.onDidChange(({ part }) => {
      if (part === "apps") appsChanged.fire();
    }),
    workspace.onDidChangeState(() => appsChanged.fire()),
  );
}

function lenses(workspace: Workspace, document: vscode.TextDocument): vscode.CodeLens[] {
  const root = dirname(document.uri.fsPath);
  const apps = workspace.noDaemon === undefined ? workspace.projects.flatMap(({ state }) => state.apps) : [];
  const running = (name: string) => {
    const app = apps.find((one) => one.root === root && one.name === name);
    return app === undefined ? undefined : isRunning(app);
  };
  return lensesOf(document.getText(), running).map(({ line, title, command, name }) =>
    new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
      title,
      command,
      arguments: [{ uri: document.uri, name } satisfies InManifest],
    })
  );
}

async function complete(
  workspace: Workspace,
  document: vscode.TextDocument,
  position: vscode.Position,
  manual: { schema: Schema; words: ManifestWords },
): Promise<vscode.CompletionItem[]> {
  const cwd = vscode.workspace.getWorkspaceFolder(document.uri)?.uri.fsPath;
  const found = await completeManifest(document.getText(), position, {
    ...manual,
    tools: async () => cwd === undefined ? [] : await catalogueOf(workspace, cwd),
    versions: async (runtime) => {
      if (cwd === undefined) return [];
      const { link } = workspace;
      // While somebody types, the file may not be readable; most tools are known without it.
      const { versions } = await link.request("runtime.versions", { runtime, cwd, remote: true }).catch(() =>
        link.request("runtime.versions", { runtime, remote: true })
      );
      return [...versions].reverse();
    },
  });
  return found.map((one, index) => completionItem(one, { position, index }));
}

function completionItem(
  { label, insert = label, detail, from }: Completion,
  { position, index }: { position: vscode.Position; index: number },
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(label, vscode.CompletionItemKind.Property);
  item.insertText = insert;
  item.range = new vscode.Range(position.line, from, position.line, position.character);
  // As the list has it: versions are not in the order of the alphabet.
  item.sortText = String(index).padStart(5, "0");
  // What goes on after a key has choices of its own.
  if (/(?:= "?|\.)$/.test(insert)) {
    item.command = { command: "editor.action.triggerSuggest", title: "Suggest" };
  }
  if (detail !== undefined) item.documentation = new vscode.MarkdownString(detail);
  return item;
}

async function hover(
  workspace: Workspace,
  document: vscode.TextDocument,
  { line, character }: vscode.Position,
  { schema, words }: { schema: Schema; words: ManifestWords },
): Promise<vscode.Hover | undefined> {
  const outline = outlineOf(document.getText());
  const key = outline.keys.find((one) => one.line === line && one.start <= character && character <= one.end);
  if (key === undefined) return undefined;
  const path = [...tableAt(outline, line), ...key.key];
  const [section, tool] = path;
  const text = [
    ...(section === "tools" && tool !== undefined ? await toolWords(workspace, document.uri, tool) : []),
    ...keyText(wordsAt(words, path), schemaAt(schema, path)),
  ];
  const content = text.join("\n\n");
  return content === "" ? undefined : new vscode.Hover(new vscode.MarkdownString(content), rangeOf(key));
}

/** What the catalogue says of a tool, and what of it is installed. */
async function toolWords(workspace: Workspace, uri: vscode.Uri, name: string): Promise<string[]> {
  const place = placeOfFile(workspace, uri);
  if (place === undefined) return [];
  const [rows, tools] = await Promise.all([
    catalogueOf(workspace, place.project.root).catch(() => []),
    toolsIn(workspace, place).catch(() => []),
  ]);
  const about = rows.find((row) => row.name === name)?.description;
  const tool = tools.find(({ runtime }) => runtime === name);
  return [
    ...(about === undefined ? [] : [about]),
    ...(tool === undefined ? [] : toolRow(tool, undefined).tooltip.split("\n").slice(1)),
  ];
}

function rangeOf({ line, start, end }: Place): vscode.Range {
  return new vscode.Range(line, start, line, end);
}
