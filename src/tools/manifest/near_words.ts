import { didYouMean, nearestNames } from "../versions/nearest.ts";

/** What other programs call the keys of a haft.toml, from pm2, compose, just, Taskfile, mise and systemd. */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  autorestart: ["restart"],
  cmd: ["run", "command"],
  cmds: ["run", "command"],
  command: ["run"],
  commands: ["run", "command"],
  cron: ["schedule"],
  dependencies: ["depends", "depends_on", "tools"],
  depends: ["depends_on"],
  depends_on: ["depends"],
  deps: ["depends", "depends_on"],
  desc: ["description"],
  dir: ["cwd"],
  directory: ["dir", "cwd"],
  cwd: ["dir"],
  env_file: ["dotenv"],
  dotenv: ["env_file"],
  environment: ["env"],
  exec: ["run", "command"],
  generates: ["outputs"],
  healthcheck: ["health"],
  needs: ["depends", "depends_on"],
  processes: ["apps"],
  replicas: ["instances"],
  requires: ["depends", "depends_on"],
  run: ["command"],
  script: ["run", "command"],
  scripts: ["tasks"],
  services: ["apps"],
  sources: ["inputs"],
  vars: ["env"],
  workdir: ["dir", "cwd"],
  working_dir: ["dir", "cwd"],
  working_directory: ["dir", "cwd"],
};

/** The key that a person means by an unknown one: another program's word for it, or the one spelt alike. */
export function meantKey(key: string, known: readonly string[]): string | undefined {
  const word = key.toLowerCase().replaceAll("-", "_");
  const meant = Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined;
  return meant?.find((name) => known.includes(name)) ?? nearestNames(key, known)[0];
}

/**
 * What to do about a value that is none of a few words.
 *
 * @param expected as valibot says it: `("always" | "on-failure")`
 * @param received as valibot says it: `"allways"`
 */
export function meantValue(expected: string, received: string): string | undefined {
  const words = [...expected.matchAll(/"([^"\\]+)"/g)].map(([, word = ""]) => word);
  const [, given] = /^"(.*)"$/s.exec(received) ?? [];
  return given === undefined ? undefined : didYouMean(nearestNames(given, words).slice(0, 1));
}
