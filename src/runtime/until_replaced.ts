import process from "node:process";

/**
 * Bun ignores these two, and an ignored signal stays so across execve; one that has a handler goes back to
 * its default.
 */
export function ignoreUntilReplaced(): void {
  process.on("SIGPIPE", () => {});
  process.on("SIGXFSZ", () => {});
}
