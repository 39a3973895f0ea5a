import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import settings from "../../deno.json" with { type: "json" };
import { projectRoot } from "../support/project.ts";
import { ownNetwork, type Way } from "./check_way.ts";

/** All that the README's first commands may take for granted, and what npm itself needs. */
const PROGRAMS = ["node", "npm", "npx", "sh", "env"];

/**
 * The README's commands, word for word, in a clean clone and an empty home on a machine with Node and npm.
 */
export function readmeWay(): Way {
  const userConfig = join(homedir(), ".npmrc");
  const checkout = (home: string) => join(home, "checkout");
  return {
    name: "README, from a checkout",
    // The packages come from the registry that this machine uses.
    npmrc: existsSync(userConfig) ? readFileSync(userConfig, "utf8") : "",
    haft: false,
    async install({ home, run }) {
      await run(["git", "clone", "--quiet", projectRoot, checkout(home)]);
      const bin = join(home, "only-node");
      mkdirSync(bin);
      for (const name of PROGRAMS) symlinkSync(onPath(name), join(bin, name));
      for (const line of commands()) {
        await run(["sh", "-c", line], { cwd: checkout(home), env: { ...ownNetwork(), PATH: bin } });
      }
      const shown = await run(["dist/haft", "x", "deno", "--", "--version"], { cwd: checkout(home) });
      if (!shown.startsWith("deno 2.9.6 ")) throw new Error(`The README's deno says ${shown}`);
    },
    start: (home) => ({
      argv: [join(checkout(home), "dist", "haft"), "--version"],
      prints: `haft ${settings.version}`,
    }),
  };
}

/** `sync` and `build`. The README's `test` is what CI runs anyway, and it runs this. */
function commands(): string[] {
  const text = readFileSync(join(projectRoot, "README.md"), "utf8");
  const found = ["sync", "build"].map((task) =>
    new RegExp(`npx -y deno@[\\d.]+ task ${task}`).exec(text)?.[0]
  );
  const lines = found.filter((line) => line !== undefined);
  if (lines.length < found.length) throw new Error("The README does not say how to sync and build");
  return lines;
}

function onPath(name: string): string {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`There is no ${name} on PATH`);
  return found;
}
