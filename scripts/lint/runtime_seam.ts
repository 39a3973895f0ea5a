import { relative } from "node:path";
import { projectRoot } from "../support/project.ts";

/**
 * A lint plugin with one rule: below src/, only src/runtime/ may name the `Deno` and `Bun` globals.
 * Everything above that seam runs unchanged under both runtimes.
 */
const plugin: Deno.lint.Plugin = {
  name: "haft",
  rules: {
    "runtime-seam": {
      create(context) {
        if (!isAboveSeam(relative(projectRoot, context.filename).replaceAll("\\", "/"))) return {};
        return {
          Identifier(node) {
            if (node.name !== "Deno" && node.name !== "Bun") return;
            context.report({
              node,
              message: `${node.name} is named outside src/runtime/`,
              hint: "Use a node:* module, or add what is missing to the Runtime interface",
            });
          },
        };
      },
    },
  },
};
export default plugin;

function isAboveSeam(path: string): boolean {
  return (path.startsWith("src/") && !path.startsWith("src/runtime/") && !path.startsWith("src/types/")) ||
    path === "main.ts";
}
