import { basename } from "node:path";
import * as vscode from "vscode";
import { type Mark, markOf } from "../model/diagnostics.ts";
import type { Workspace } from "./workspace.ts";

/** After the last key, so that a word that is being typed is not called wrong. */
const SETTLE_MS = 150;

/** What `haft check` says of each open haft.toml, as it stands in the editor. */
export class Diagnostics implements vscode.Disposable {
  readonly #workspace: Workspace;
  readonly #collection = vscode.languages.createDiagnosticCollection("haft");
  readonly #due = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #disposables: vscode.Disposable[];

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    const { workspace: files } = vscode;
    this.#disposables = [
      this.#collection,
      files.onDidOpenTextDocument((document) => void this.#check(document)),
      files.onDidChangeTextDocument(({ document }) => this.#schedule(document)),
      files.onDidCloseTextDocument(({ uri }) => this.#collection.delete(uri)),
      workspace.onDidChangeState(({ state }) => {
        if (state === "connected") this.#checkAll();
      }),
      // A file that the manifest includes may have been mended.
      workspace.onEvent(({ event }) => {
        if (event === "config.changed") this.#checkAll();
      }),
    ];
  }

  dispose(): void {
    for (const timer of this.#due.values()) clearTimeout(timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) void this.#check(document);
  }

  #schedule(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#due.get(key));
    this.#due.set(key, setTimeout(() => void this.#check(document), SETTLE_MS));
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const { uri, version } = document;
    if (uri.scheme !== "file" || basename(uri.fsPath) !== "haft.toml") return;
    const answer = await this.#workspace.link.ask("project.check", {
      path: uri.fsPath,
      text: document.getText(),
    }).catch(() => undefined);
    // Without a daemon the last good state stays; an answer about an older text says nothing.
    if (answer === undefined || document.isClosed || document.version !== version) return;
    const own = answer.problems.filter(({ file }) => file === uri.fsPath).map((problem) =>
      diagnosticOf(markOf(problem, lineText(document, problem.line - 1)), problem.key)
    );
    this.#collection.set(uri, own);
  }
}

function lineText(document: vscode.TextDocument, line: number): string {
  return line < document.lineCount ? document.lineAt(line).text : "";
}

function diagnosticOf({ line, start, end, message }: Mark, key: string | null): vscode.Diagnostic {
  const range = new vscode.Range(line, start, line, end);
  const found = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
  found.source = "haft";
  if (key !== null) found.code = key;
  return found;
}
