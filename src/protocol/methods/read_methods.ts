/**
 * Methods that only read, and answer with what the daemon knows already. To ask one of them twice changes
 * nothing, so that `haft ipc-send` may try a short way first.
 */
export const READ_METHODS: ReadonlySet<string> = new Set([
  "app.list",
  "app.status",
  "backend.list",
  "client.list",
  "daemon.describe",
  "daemon.metrics",
  "daemon.ping",
  "daemon.status",
  "fleet.status",
  "log.tail",
  "runtime.list",
  "task.list",
  "task.logs",
  "task.outputs",
  "task.status",
]);
