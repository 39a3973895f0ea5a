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
  const { parse, patch } = await import("@decimalturn/toml-patch");
  const document = parse(text) as { tools?: Record<string, unknown> };
  edit(document.tools ??= {});
  return patch(text, document);
}
