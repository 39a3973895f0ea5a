/**
 * Methods that may take longer than a request's time limit. A separate list, so that a client that only
 * wants to know how long to wait does not load every schema; a test keeps it in step with the definitions.
 */
export const LONG_METHODS: ReadonlySet<string> = new Set([
  "app.delete",
  "app.down",
  "app.logs",
  "app.reload",
  "app.restart",
  "app.restore",
  "app.scale",
  "app.start",
  "app.stop",
  "app.up",
  "backend.call",
  "backend.stop",
  "runtime.versions",
  "task.cancel",
  "task.close",
  "task.finals",
  "task.wait",
  "tool.install",
  "tool.sync",
  "tool.uninstall",
]);
