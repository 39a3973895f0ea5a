/**
 * The runtime seam in VS Code's host, which is Node: without a choice that waits, the bundle can be CommonJS.
 */
export { nodeRuntime as runtime } from "../../../src/runtime/node.ts";
