import type { Sight } from "./sights.ts";
import type { World } from "./world.ts";

/** One hostile checkout: it is written and used by `run`, and nothing may be seen of it. */
export interface Attack {
  name: string;
  run(world: World): Promise<unknown>;
  /** What belongs to the case and is no fault, e.g. the contact with a registry that its user trusts. */
  allow?: readonly Sight[];
  /**
   * Makes it a control: the same where it is allowed, or without haft. It must be seen, else the cases of its
   * kind prove nothing.
   */
  sees?: Sight;
}

/** The cases of one kind. */
export interface Kind {
  kind: string;
  attacks: readonly Attack[];
}

/**
 * Everything that haft does in a directory without being asked to trust it. `evil` is what the cases call
 * their app, task and backend.
 */
const SWEEP: readonly string[] = [
  "ls",
  "which --all",
  "which --why esbuild",
  "trust --show",
  "env",
  "sync --check",
  "sync",
  "exec esbuild --version",
  "doctor",
  "task list",
  "task run evil",
  "app status",
  "app start evil",
  "ipc-send runtime.resolve runtime=esbuild cwd=$PWD",
  "ipc-send backend.call backend=evil method=ping cwd=$PWD",
  "exec evil",
];

/** Of these, what installs and what asks the network or writes. */
const INSTALLING: readonly string[] = [
  "ls",
  "env",
  "sync --dry-run",
  "sync",
  "exec prettier",
  "doctor",
  "app up --detach",
];

/** Runs {@link SWEEP}, or its part that installs, in the checkout, in one terminal. */
export async function sweep(
  world: World,
  { part = "all" }: { part?: "all" | "installing" } = {},
): Promise<void> {
  const commands = part === "all" ? SWEEP : INSTALLING;
  await world.shell(commands.map((command) => `haft ${command}`).join("\n"), { terminal: true });
}
