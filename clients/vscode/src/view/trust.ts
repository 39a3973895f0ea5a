import * as vscode from "vscode";
import type { Trust } from "../model/project.ts";
import { placeOf, type PlaceSource } from "./place.ts";
import type { Workspace } from "./workspace.ts";

/** A modal shows this many lines; the whole list is a document. */
const MOST_LINES = 12;

/** The command: shows what a project can run, and passes the person's answer on. */
export async function askTrust(
  workspace: Workspace,
  source?: PlaceSource,
): Promise<void> {
  const { cwd } = await placeOf(workspace, source);
  const trust = await workspace.link.request("project.trust", { cwd });
  if (trust.trusted) {
    await vscode.window.showInformationMessage(
      trust.lines.length === 0
        ? `${trust.path} has nothing that can run code`
        : `haft trusts ${trust.path}. "haft trust --revoke" takes that back`,
    );
    return;
  }
  await offerTrust(workspace, cwd, trust);
}

/**
 * Asks where haft does not trust a directory's project, before something of it runs.
 *
 * @throws {vscode.CancellationError} when the person does not trust it
 */
export async function requireTrust(workspace: Workspace, cwd: string): Promise<void> {
  const trust = await workspace.link.request("project.trust", { cwd });
  if (!trust.trusted && !await offerTrust(workspace, cwd, trust)) {
    throw new vscode.CancellationError();
  }
}

/** @returns whether it is trusted now */
async function offerTrust(workspace: Workspace, cwd: string, trust: Trust): Promise<boolean> {
  const lines = trust.lines.slice(0, MOST_LINES);
  const more = trust.lines.length - lines.length;
  const give = "Trust";
  const show = "Show All";
  const answer = await vscode.window.showWarningMessage(
    `Trust ${trust.path}?`,
    { modal: true, detail: [...lines, ...(more === 0 ? [] : [`… and ${more} more`])].join("\n") },
    give,
    ...(more === 0 ? [] : [show]),
  );
  if (answer === show) {
    const document = await vscode.workspace.openTextDocument({ content: trust.lines.join("\n") });
    await vscode.window.showTextDocument(document);
  }
  if (answer !== give) return false;
  const { trusted } = await workspace.link.request("project.grant", { cwd, digest: trust.digest });
  await workspace.refresh();
  return trusted;
}
