/** A catalogue name (`biome`), or a source and a package (`npm:@scope/name`). */
const TOOL_NAME =
  /^(?:[a-z0-9][a-z0-9._-]{0,63}|[a-z]+:(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]{0,213})$/i;

/** Whether a tool may be called so: names become paths and parts of addresses. */
export function isToolName(name: string): boolean {
  return TOOL_NAME.test(name);
}
