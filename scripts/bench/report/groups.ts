/** One script, which measures what belongs together. */
export interface Group {
  /** Names its table in docs/benchmarks.md and its part of docs/benchmarks.json. */
  name: string;
  title: string;
  /** Below scripts/bench/. */
  script: string;
  /** Seconds after which it has failed. */
  limit: number;
}

/** Figures beside a baseline: `all.ts`, in under 30 minutes together. */
export const FIGURES: readonly Group[] = [
  { name: "start", title: "Start", script: "start_up.ts", limit: 120 },
  { name: "run-a-tool", title: "Running a tool", script: "run_a_tool.ts", limit: 240 },
  { name: "commands", title: "Commands that talk to the daemon", script: "commands.ts", limit: 120 },
  { name: "sync-noop", title: "Sync with nothing to do", script: "sync_noop.ts", limit: 120 },
  { name: "sync-cold", title: "Cold sync", script: "sync_cold.ts", limit: 600 },
  { name: "memory", title: "Memory", script: "memory.ts", limit: 480 },
  { name: "dialect-memory", title: "Connections of other systems", script: "dialect_memory.ts", limit: 300 },
  { name: "event-memory", title: "Memory of events", script: "event_memory.ts", limit: 300 },
  { name: "rpc", title: "A request to the daemon", script: "rpc.ts", limit: 360 },
  { name: "peers", title: "Beside other libraries", script: "peers.ts", limit: 240 },
  { name: "fan-out", title: "Events", script: "fan_out.ts", limit: 300 },
  { name: "channels", title: "Channels", script: "channels.ts", limit: 240 },
  { name: "python", title: "The Python client", script: "python_messages.ts", limit: 180 },
];

/** Costs that grow with something: `growth.ts`. */
export const CURVES: readonly Group[] = [
  { name: "grow-sync", title: "Tools in one sync", script: "growth/sync.ts", limit: 300 },
  { name: "grow-versions", title: "Versions in the store", script: "growth/versions.ts", limit: 300 },
  { name: "grow-tools", title: "Tools asked for", script: "growth/tools.ts", limit: 300 },
  { name: "grow-projects", title: "Projects watched", script: "growth/projects.ts", limit: 600 },
  { name: "grow-apps", title: "Apps", script: "growth/apps.ts", limit: 600 },
  { name: "grow-history", title: "Tasks in the history", script: "growth/history.ts", limit: 300 },
  { name: "grow-subscribers", title: "Subscribers", script: "growth/subscribers.ts", limit: 300 },
  { name: "grow-logs", title: "Log files", script: "growth/logs.ts", limit: 900 },
];
