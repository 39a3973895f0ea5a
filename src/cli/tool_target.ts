import { UsageError } from "../base/errors.ts";
import { isToolName } from "../tools/tool_name.ts";

/** `TOOL` or `TOOL@VERSION` of a command line. */
export interface ToolTarget {
  name: string;
  version: string | undefined;
}

/**
 * Takes a target apart at its last `@`; the one that begins a scope (`npm:@scope/name`) is part of the name.
 *
 * @throws {UsageError} when the name cannot be one; the version is checked where it is resolved
 */
export function parseToolTarget(text: string): ToolTarget {
  const at = text.lastIndexOf("@");
  const scoped = at > 0 && (text[at - 1] === ":" || text[at - 1] === "/");
  const [name, version] = at <= 0 || scoped ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (!isToolName(name)) {
    throw new UsageError(`"${name}" cannot be the name of a tool`, {
      next: 'Write a name such as "node", or a package such as "npm:prettier"',
    });
  }
  if (version === "") {
    throw new UsageError(`"${text}" names no version`, {
      next: `Write "${name}", or a version behind the @, such as "${name}@latest"`,
    });
  }
  return { name, version };
}
