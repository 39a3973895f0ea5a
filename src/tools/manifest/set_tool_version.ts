import { patchTable } from "./patch_toml.ts";

/**
 * Writes a tool's version into the text of a manifest, leaving comments, order and layout as they are.
 *
 * @param name the key under `[tools]`
 */
export async function setToolVersion(text: string, name: string, version: string): Promise<string> {
  return await editTools(text, (tools) => {
    const known = tools[name];
    if (typeof known === "object" && known !== null) (known as Record<string, unknown>)["version"] = version;
    else tools[name] = version;
  });
}

/** Writes which of its sources a tool comes from, as {@link setToolVersion} writes its version. */
export async function setToolSource(text: string, name: string, source: string): Promise<string> {
  return await editTools(text, (tools) => {
    const known = tools[name];
    if (typeof known === "object" && known !== null) (known as Record<string, unknown>)["source"] = source;
    else tools[name] = { version: known, source };
  });
}

/** Takes a tool out of the text of a manifest. */
export async function removeTool(text: string, name: string): Promise<string> {
  return await editTools(text, (tools) => delete tools[name]);
}

async function editTools(text: string, edit: (tools: Record<string, unknown>) => void): Promise<string> {
  return await patchTable(text, "tools", edit);
}
