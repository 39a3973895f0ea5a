import { basename } from "node:path";
import * as vscode from "vscode";

/** This extension's own, which names no files: those of a TOML extension stay with it. */
const OWN = "haft-toml";

/** Gives haft.toml its colours where no extension knows TOML. What a person chooses later stays. */
export function registerTomlLanguage(): vscode.Disposable {
  const seen = new Set<string>();
  const give = async (document: vscode.TextDocument) => {
    const { uri, languageId } = document;
    if (basename(uri.path) !== "haft.toml" || languageId !== "plaintext" || seen.has(uri.toString())) return;
    seen.add(uri.toString());
    const known = await vscode.languages.getLanguages();
    if (!known.includes("toml")) await vscode.languages.setTextDocumentLanguage(document, OWN);
  };
  for (const document of vscode.workspace.textDocuments) void give(document);
  return vscode.workspace.onDidOpenTextDocument((document) => void give(document));
}
