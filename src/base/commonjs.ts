/**
 * The exports of a CommonJS module that was imported lazily. Deno and Bun give them by name; in a bundle
 * they are all in the default export.
 */
export function exportsOf<Module extends object>(loaded: Module): Module {
  return "default" in loaded && typeof loaded.default === "object" && loaded.default !== null
    ? loaded.default as Module
    : loaded;
}
