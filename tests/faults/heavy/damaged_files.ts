/**
 * Every file and directory that haft keeps, damaged in every way, and then used: all that a person does
 * works, or says in a clear line why it does not. What is damaged is never the end of everything else.
 */
import { assertEquals } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Damage, damage, DAMAGES } from "../damage.ts";
import { DamagedHome, type Ran } from "../damaged_home.ts";

/** What is done afterwards, and what it prints when it works. */
const STEPS: readonly { line: string; prints: string }[] = [
  { line: "haft sync", prints: "esbuild" },
  { line: "haft x esbuild one", prints: "esbuild one" },
  { line: 'PATH="$SHIMS:$PATH" esbuild two', prints: "esbuild two" },
  { line: "haft app status", prints: "web" },
  { line: "haft task run say", prints: "esbuild task" },
  { line: "haft app start web", prints: "" },
];

/** Of the tool's own files, no single run can tell; installing it again mends them. */
const PAYLOAD = /\/store\/[^/]+\/[^/]+\/(?!\.haft)/;

/** Files of which others of the same kind are among the targets. */
const ALIKE =
  /\/node_modules\/(?!\.bin$)|\/esbuild\/[^/]+\/(share|package\.json)|\/downloads\/js\/(?!.*\.npm$)|\/metadata\/[^ab]/;

/** What haft must never answer. */
const FAULT =
  /fault in haft itself|\bat \S+:\d+:\d+|TypeError|SyntaxError|RangeError|is not a function|\$bunfs/;

const counts = { worked: 0, said: 0 };

for (const place of ["data", "state", "cache", "runtime"] as const) {
  Deno.test(`every file of haft's ${place} directory, damaged in every way: work goes on, or a line says why not`, async () => {
    await using home = await DamagedHome.create();
    const failures: string[] = [];
    for (const name of await targets(home, place)) {
      for (const how of DAMAGES) {
        const found = await attempt(home, name, how);
        for (const line of found) console.log(line);
        failures.push(...found);
      }
    }
    console.log(`damaged files: ${counts.worked} times all worked, ${counts.said} times a clear line`);
    assertEquals(failures, []);
  });
}

/** All that is there while a daemon runs an app. */
async function targets(home: DamagedHome, place: keyof DamagedHome["places"]): Promise<string[]> {
  home.restore();
  await home.expect("haft app start web");
  home.killDaemon();
  const start = home.places[place];
  return home.list().filter((name) => join(home.home, name).startsWith(start) && !ALIKE.test(name));
}

async function attempt(home: DamagedHome, name: string, how: Damage): Promise<string[]> {
  home.restore();
  const victim = join(home.home, "victim");
  writeFileSync(victim, "precious", { mode: 0o666 });
  // An app outlives its daemon, and the next daemon has to know it by what is on disk.
  const hasApp = /state|run\//.test(name);
  if (hasApp) {
    await home.expect("haft app start web");
    home.killDaemon();
  }
  if (!damage(join(home.home, name), how, victim)) return [];
  const failures: string[] = [];
  let clear = false;
  for (const { line, prints } of STEPS) {
    const ran = await home.run(line);
    const isPayload = PAYLOAD.test(name) && line !== "haft sync";
    if (ran.code === 0 && (isPayload || ran.stdout.includes(prints))) continue;
    if (!isPayload && !isClear(ran)) failures.push(`${name}, ${how}: ${line}: ${described(ran)}`);
    clear = true;
  }
  const doubles = home.processes("sleep\u00001000").length;
  if (doubles > 1) failures.push(`${name}, ${how}: ${doubles} copies of the app run`);
  // A log may be kept elsewhere, by a link of its user's.
  if (!name.endsWith(".log") && readFileSync(victim, "utf8") !== "precious") {
    failures.push(`${name}, ${how}: what a link leads to was written`);
  }
  if (/share|cache/.test(name)) {
    const forced = await home.run("haft sync --force && haft x esbuild three");
    if (!forced.stdout.includes("esbuild three") && !isClear(forced)) {
      failures.push(`${name}, ${how}: haft sync --force: ${described(forced)}`);
    }
  }
  if (failures.length === 0) counts[clear ? "said" : "worked"]++;
  return failures;
}

function isClear({ code, stderr }: Ran): boolean {
  return code !== null && /^(error: |haft: |\S+: )/m.test(stderr) && !FAULT.test(stderr);
}

function described({ code, stdout, stderr }: Ran): string {
  return `${code}: ${stderr.slice(0, 400)}${stderr === "" ? stdout.slice(0, 400) : ""}`;
}
