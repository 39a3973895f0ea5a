import * as vscode from "vscode";
import { quickFixesOf } from "../model/quick_fixes.ts";

/** Puts right what `haft check` asks "Did you mean …?" of. */
export const quickFixes: vscode.CodeActionProvider = {
  provideCodeActions(document, _range, { diagnostics }) {
    return diagnostics.flatMap((diagnostic) => {
      const { source, code, message, range } = diagnostic;
      if (source !== "haft" || typeof code !== "string") return [];
      const { line } = range.start;
      const fixes = quickFixesOf(message, code, document.lineAt(line).text);
      return fixes.map(({ title, start, end, text }) => {
        const action = new vscode.CodeAction(
          title,
          vscode.CodeActionKind.QuickFix,
        );
        action.edit = new vscode.WorkspaceEdit();
        action.edit.replace(document.uri, new vscode.Range(line, start, line, end), text);
        action.diagnostics = [diagnostic];
        action.isPreferred = fixes.length === 1;
        return action;
      });
    });
  },
};
