import { parse } from "yaml";

/**
 * YAML with merge keys, as Go's readers have it. The library is CommonJS, so it is imported statically: the
 * bundle gives `import()` of it no named exports. This module is what is loaded when there is YAML to read.
 */
export function readYaml(text: string): unknown {
  return parse(text, { merge: true, logLevel: "error" });
}
