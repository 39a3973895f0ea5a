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
  import: 'Take over the apps of another supervisor with "haft app import FILE"',
  monit: 'Watch apps and their logs with "haft app top"',
  where: 'Show where a tool is installed with "haft which TOOL"',
  current: 'Show the tools of this project with "haft ls"',
  "self-update": 'Update haft itself with "haft self update"',
};

/** The same for the words of a group: pm2, foreman, supervisorctl and docker compose have them. */
const IN_GROUPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  app: {
    ls: 'List apps with "haft app list", or with their state: "haft app status"',
    ps: 'See "haft app status", or "haft app top"',
    describe: 'Show an app with "haft app status NAME --json"',
    show: 'Show an app with "haft app status NAME --json"',
    info: 'Show an app with "haft app status NAME --json"',
    inspect: 'Show an app with "haft app status NAME --json"',
    env: 'The names of its variables are in "haft app status NAME --json"',
    monit: 'Watch apps and their logs with "haft app top"',
    attach: 'Watch apps and their logs with "haft app top"',
    tail: 'Follow the output of an app with "haft app logs -f NAME"',
    flush: "Logs are rotated by themselves: [apps.NAME] log has max_size and keep",
    kill: 'Stop the apps with "haft app down", the daemon as well with "haft daemon stop"',
    shutdown: 'Stop the apps with "haft app down", the daemon as well with "haft daemon stop"',
    startup: 'Start the daemon at login with "haft daemon enable"',
    resurrect: 'Start the apps of the saved list with "haft app restore"',
    dump: 'Keep the list of running apps with "haft app save"',
    remove: 'Stop an app and forget it with "haft app delete NAME"',
    rm: 'Stop an app and forget it with "haft app delete NAME"',
    del: 'Stop an app and forget it with "haft app delete NAME"',
    run: 'Start the apps in front with "haft app up"; "haft run NAME" runs a task',
    serve: 'Start the apps in front with "haft app up"',
    export: 'Start the daemon at login with "haft daemon enable"',
    check: 'Check haft.toml with "haft check"',
    reread: 'haft reads haft.toml at each start: "haft app restart NAME"',
    update: 'haft reads haft.toml at each start: "haft app restart NAME"',
  },
};

/**
 * What does here what a command of that name does elsewhere.
 *
 * @param group the words before it, such as `app`; none for haft's own commands
 */
export function otherName(word: string, group = ""): string | undefined {
  const names = otherNamesOf(group);
  return Object.hasOwn(names, word) ? names[word] : undefined;
}

export function otherNamesOf(group: string): Readonly<Record<string, string>> {
  if (group === "") return OTHER_NAMES;
  return Object.hasOwn(IN_GROUPS, group) ? IN_GROUPS[group] ?? {} : {};
}
