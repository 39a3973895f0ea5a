/**
 * Writes a tool's version into the text of a manifest, leaving comments, order and layout as they are.
 *
 * @param name the key under `[tools]`
 */
export async function setToolVersion(text: string, name: string, version: string): Promise<string> {
  const { parse, patch } = await import("@decimalturn/toml-patch");
  const document = parse(text) as { tools?: Record<string, unknown> };
  const tools = document.tools ??= {};
  const known = tools[name];
  if (typeof known === "object" && known !== null) (known as Record<string, unknown>)["version"] = version;
  else tools[name] = version;
  return patch(text, document);
}
