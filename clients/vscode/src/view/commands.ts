import * as vscode from "vscode";
import { failureText } from "../model/failure.ts";
import { HaftMissing } from "../model/haft_command.ts";
import type { Workspace } from "./workspace.ts";

/** Registers a command whose failure is shown in haft's own words. */
export function command<Args extends unknown[]>(
  workspace: Workspace,
  name: string,
  run: (...args: Args) => Promise<unknown> | unknown,
): vscode.Disposable {
  return vscode.commands.registerCommand(name, async (...args: Args) => {
    try {
      return await run(...args);
    } catch (error) {
      if (isCancelled(error)) return undefined;
      await showFailure(error, workspace);
      return undefined;
    }
  });
}

/** Ends what waits for the progress notification when its Cancel is pressed. */
export function signalOf(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  token.onCancellationRequested(() => controller.abort(new vscode.CancellationError()));
  return controller.signal;
}

export function isCancelled(error: unknown): boolean {
  return error instanceof vscode.CancellationError || error instanceof Error && error.name === "AbortError";
}

export async function showFailure(error: unknown, { log }: Workspace): Promise<void> {
  const text = failureText(error);
  log.error(text);
  const install = error instanceof HaftMissing ? ["Install haft…"] : [];
  const chosen = await vscode.window.showErrorMessage(text, ...install, "Show Output");
  if (chosen === "Show Output") log.show();
  if (chosen === "Install haft…") {
    await vscode.commands.executeCommand("haft.install");
  }
}
