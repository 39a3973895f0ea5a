/**
 * A catalogue name (`biome`), or a source and its own name for a tool (`npm:@scope/name`,
 * `maven:group:artifact`).
 */
const TOOL_NAME =
  /^(?:[a-z0-9][a-z0-9._-]{0,63}|[a-z]+:@?[a-z0-9_~][a-z0-9._~-]*(?:[/:][a-z0-9_~][a-z0-9._~-]*){0,15})$/i;
const MAX_LENGTH = 220;

/** Whether a tool may be called so: names become paths and parts of addresses. */
export function isToolName(name: string): boolean {
  return name.length <= MAX_LENGTH && TOOL_NAME.test(name);
}
