/** One layer of the house: a folder of src/ (or main.ts) and what it may import besides itself. */
export interface Layer {
  name: string;
  mayImport: readonly string[];
  /** Said when an arrow is forbidden. */
  why: string;
}

/** From the ground up. `types` holds declarations only and is not imported. */
export const layers: readonly Layer[] = [
  {
    name: "base",
    mayImport: [],
    why: "base is the ground: anything may import it, so it imports nothing of ours",
  },
  {
    name: "runtime",
    mayImport: ["base"],
    why: "runtime is the seam between Deno and Bun and knows nothing of what is built on it",
  },
  {
    name: "protocol",
    mayImport: ["base"],
    why: "protocol is the wire's words: schemas without I/O, so that any client can use them",
  },
  {
    name: "socket",
    mayImport: ["base", "runtime"],
    why: "socket moves frames of bytes; what is in a frame is the business of the channel",
  },
  {
    name: "hub",
    mayImport: ["base", "protocol", "socket"],
    why:
      "hub keeps and hands out events, framed once for all readers; where they come from and go to is not its business",
  },
  {
    name: "channel",
    mayImport: ["base", "runtime", "protocol", "socket"],
    why: "channel carries messages; it does not know who sends them or what for",
  },
  {
    name: "tools",
    mayImport: ["base", "runtime", "protocol"],
    why:
      "tools are handed a Reporter: an install runs the same with a channel, a terminal or nobody watching",
  },
  {
    name: "process",
    mayImport: ["base", "runtime"],
    why: "process starts, finds and stops processes; what they are for is the business of apps and tasks",
  },
  {
    name: "self",
    mayImport: ["base", "runtime", "protocol", "tools"],
    why: "self replaces the executable; it knows no command line and no daemon",
  },
  {
    name: "apps",
    mayImport: ["base", "runtime", "protocol", "tools", "process"],
    why: "apps supervises processes and is handed an emit: it knows neither hub nor socket nor daemon",
  },
  {
    name: "backends",
    mayImport: ["base", "runtime", "protocol", "socket", "channel", "tools", "process"],
    why: "backends joins child processes and channels, and is handed an emit: it does not know the daemon",
  },
  {
    name: "tasks",
    mayImport: ["base", "runtime", "protocol", "socket", "channel", "tools", "process"],
    why: "tasks runs commands and asks backends, and is handed an emit: it does not know the daemon",
  },
  {
    name: "check",
    mayImport: ["base", "runtime", "protocol", "tools", "process", "apps", "backends", "tasks"],
    why: "check reads all sections of a manifest; who shows what it finds is the business of cli and daemon",
  },
  {
    name: "ui",
    mayImport: ["base", "protocol", "runtime"],
    why: "ui draws what it is told; it starts nothing and installs nothing",
  },
  {
    name: "sync",
    mayImport: ["base", "runtime", "protocol", "socket", "channel", "tools", "process"],
    why: "sync joins children and tools; how it looks is the business of ui, by way of cli",
  },
  {
    name: "ipc",
    mayImport: ["base", "socket"],
    why: "ipc is packages/ipc for other programs: it knows neither the daemon nor its protocol",
  },
  {
    name: "client",
    mayImport: ["base", "runtime", "protocol", "socket", "channel"],
    why: "client talks to a daemon, wherever that is; it starts none",
  },
  {
    name: "dialects",
    mayImport: ["base", "protocol", "socket", "channel", "client"],
    why: "dialects translate: what is to be done is the daemon's business, asked for as any client asks",
  },
  {
    name: "fleet",
    mayImport: ["base", "runtime", "protocol", "hub", "socket", "channel", "client", "tools"],
    why: "fleet carries the daemon's messages between machines, and says which of them may pass",
  },
  {
    name: "daemon",
    mayImport: [
      "base",
      "runtime",
      "protocol",
      "hub",
      "socket",
      "channel",
      "tools",
      "process",
      "apps",
      "backends",
      "tasks",
      "check",
      "sync",
      "client",
      "dialects",
      "fleet",
    ],
    why: "daemon joins services and the hub; it draws nothing and knows no command line",
  },
  {
    name: "cli",
    mayImport: [
      "base",
      "runtime",
      "protocol",
      "hub",
      "socket",
      "channel",
      "client",
      "dialects",
      "fleet",
      "tools",
      "self",
      "process",
      "apps",
      "backends",
      "tasks",
      "check",
      "ui",
      "sync",
      "daemon",
    ],
    why: "cli is the top: only main.ts imports it",
  },
  { name: "main", mayImport: ["base", "runtime", "cli"], why: "main.ts only starts the command line" },
];

/** Files that import each other for a reason: they are one recursion, cut where a reader expects the cut. */
export interface Recursion {
  files: readonly string[];
  why: string;
}

export const recursions: readonly Recursion[] = [
  {
    files: ["src/sync/provide_tool.ts", "src/sync/install_here.ts"],
    why: "a JavaScript package is installed by Bun, which is itself a tool to install",
  },
];
