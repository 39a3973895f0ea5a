/** The formatter's line width (deno.json, `fmt.lineWidth`), which it does not apply to comments. */
export const commentWidth = 110;

/**
 * A lint plugin with one rule: no line of a comment is wider than the formatter's width. A line that holds
 * one long word (an address, a path) cannot be wrapped and passes, and so does one that is preformatted
 * (indented by four).
 */
const plugin: Deno.lint.Plugin = {
  name: "haft-comments",
  rules: {
    "comment-width": {
      create(context) {
        return {
          Program() {
            const { text } = context.sourceCode;
            for (const comment of context.sourceCode.getAllComments()) {
              let start = text.lastIndexOf("\n", comment.range[0] - 1) + 1;
              while (start < comment.range[1]) {
                const end = lineEnd(text, start);
                if (isTooWide(text.slice(start, end), comment.range[0] - start)) {
                  context.report({
                    range: [Math.max(start, comment.range[0]), end],
                    message: `A comment's line is wider than ${commentWidth} columns`,
                    hint: "Wrap it, or say it in fewer words",
                  });
                }
                start = end + 1;
              }
            }
          },
        };
      },
    },
  },
};
export default plugin;

function lineEnd(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end === -1 ? text.length : end;
}

/** @param before columns of code in front of the comment on this line; negative or 0 where there is none. */
function isTooWide(line: string, before: number): boolean {
  if (line.length <= commentWidth) return false;
  const words = line.slice(Math.max(before, 0)).replace(/^\s*(\/\/|\/?\*+)? ?/, "");
  return !words.startsWith("    ") && words.trim().includes(" ");
}
