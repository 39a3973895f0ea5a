import { posix } from "node:path";
import process from "node:process";
import type { TreeWriter } from "../archive/tree_writer.ts";

/**
 * Makes a Node script a command, as npm does: a link, on Windows a `.cmd` file. The node beside it runs it
 * there, where there is one.
 *
 * @param paths both below the tree
 */
export async function linkScript(
  writer: TreeWriter,
  { link, script }: { link: string; script: string },
): Promise<void> {
  const target = posix.relative(posix.dirname(link), script);
  if (process.platform === "win32") {
    const path = `"%~dp0${target.replaceAll("/", "\\")}" %*`;
    const text = `@if exist "%~dp0node.exe" ("%~dp0node.exe" ${path}) else (node ${path})\r\n`;
    await writeTextFile(writer, `${link}.cmd`, text);
    return;
  }
  writer.countEntry();
  const components = writer.place(link, { strip: 0, into: "" });
  if (components !== undefined) writer.symlink(components, target);
}

/** Adds a text to a tree. */
export async function writeTextFile(writer: TreeWriter, path: string, text: string): Promise<void> {
  writer.countEntry();
  const components = writer.place(path, { strip: 0, into: "" });
  if (components === undefined) return;
  const sink = writer.file(components, { executable: false });
  sink.write(new TextEncoder().encode(text));
  await sink.close();
}
