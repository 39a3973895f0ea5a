/**
 * Commands of other tools that haft has no command for by that name, with what does it here. A name that
 * becomes a command of haft's is found before it is looked for in this table.
 */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  add: 'Add a tool with "haft use TOOL"',
  update: 'Move tools to newer versions with "haft upgrade"; "haft self update" updates haft',
  unuse: 'Take a tool out of haft.toml with "haft remove TOOL"',
  unset: 'Take a tool out with "haft remove TOOL", a setting with "haft config unset KEY"',
  unlink: 'Take a tool out of haft.toml with "haft remove TOOL"',
  "list-all": 'List the versions of a tool with "haft ls-remote TOOL"',
  versions: 'List the versions of a tool with "haft ls-remote TOOL"',
  latest: 'Show the newest version of a tool with "haft info TOOL"',
  pin: 'Write an exact version with "haft use --pin TOOL"',
  global: 'Set a version for every directory with "haft use --global TOOL@VERSION"',
  local: 'Set a version for this project with "haft use TOOL@VERSION"',
  gc: 'Remove what no project asks for with "haft prune"',
  tool: 'Show a tool of the catalogue with "haft info TOOL"',
  plugins: 'List the tools of the catalogue with "haft ls --available"',
  plugin: 'List the tools of the catalogue with "haft ls --available"',
  registry: 'List the tools of the catalogue with "haft ls --available"',
  reshim: 'Write the shims anew with "haft shims"',
  settings: 'Show or change your own settings with "haft config"',
  list: 'List tools with "haft ls", apps with "haft app list", tasks with "haft tasks"',
  logs: 'Read logs with "haft app logs", "haft task logs ID" or "haft daemon logs"',
  log: 'Read logs with "haft app logs", "haft task logs ID" or "haft daemon logs"',
  up: 'Start the project\'s apps with "haft app up"',
  down: 'Stop the project\'s apps with "haft app down"',
  start: 'Start an app with "haft app start NAME", or a task with "haft task start NAME"',
  stop: 'Stop an app with "haft app stop NAME", or the daemon with "haft daemon stop"',
  restart: 'Restart an app with "haft app restart NAME", or the daemon with "haft daemon restart"',
  status: 'See "haft app status", "haft task list" or "haft daemon status"',
  ps: 'See "haft app status", or "haft app top"',
  serve: 'Start the project\'s apps with "haft app up"',
  cancel: 'Cancel a task with "haft task cancel ID"',
  apps: 'List apps with "haft app list"',
  build: 'Run a task with "haft run build"',
  test: 'Run a task with "haft run test"',
  dev: 'Run a task with "haft run dev", or start an app with "haft app start dev"',
  ci: 'Install exactly what haft.lock pins with "haft sync --locked"',
  shell: 'Put the project\'s tools into this shell with eval "$(haft env)"',
  new: 'Write a haft.toml with "haft init"',
  create: 'Write a haft.toml with "haft init"',
  completion: 'Print a completion script with "haft completions SHELL"',
};

/** What does here what a command of that name does elsewhere. */
export function otherName(word: string): string | undefined {
  return Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : undefined;
}
