import { parseArgs } from "@std/cli/parse-args";
import { delay } from "@std/async/delay";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "../build.ts";
import { editorPrograms, editorVariables, installExtension } from "../editor/code_server.ts";
import { packExtension } from "../vsix.ts";
import { digits, machineLine, median } from "./support.ts";

/*
 * The VS Code extension in code-server and Chromium, as a person sees it: milliseconds from a change of
 * haft.toml by another program to the status bar, from the pick of a version to the first progress on screen,
 * and the processor time of the extension host and of the daemon while nothing happens.
 *
 *     deno run -A scripts/bench/editor.ts [--rounds 9] [--idle SECONDS]
 */

const args = parseArgs(process.argv.slice(2), { string: ["rounds", "idle"] });
const rounds = Number(args["rounds"] ?? 9);
const idleSeconds = Number(args["idle"] ?? 20);
const TICKS_PER_SECOND = 100;
/** How long windows are waited for, and how much of a core they may still use then. */
const LOOK_MS = 5_000;
const MOST_LOOKS = 24;
const AT_REST = 0.01;

const programs = await editorPrograms();
Object.assign(
  process.env,
  editorVariables({
    binary: (await build()).path,
    extensions: await installExtension(await packExtension(), programs),
    programs,
  }),
);
// The editor reads where its programs are as it is loaded.
const { Editor } = await import("../../clients/vscode/tests/editor.ts");
const { fakeTools } = await import("../../tests/e2e/fake_tools.ts");

await using registry = await fakeTools();
await using editor = await Editor.create({ registry: registry.url });
const manifest = join(editor.sandbox.project, "haft.toml");
const write = (version: string) => writeFileSync(manifest, `[tools]\nesbuild = "${version}"\n`);
write("1.0.0");
await editor.haft("sync");
const page = await editor.open();
await editor.showHaft();
await editor.row(/esbuild.*1\.0\.0/).waitFor();

/** Watches for a text in an element; `at` is when the page itself sees it. */
async function watchFor(selector: string, text: string): Promise<{ at: Promise<number> }> {
  // Text, because the page's words are not those of this program's runtime.
  await page.evaluate(`void (window.haftSeen = new Promise((resolve) => {
    const has = () => [...document.querySelectorAll(${JSON.stringify(selector)})].some((one) =>
      one.textContent.includes(${JSON.stringify(text)})
    );
    const observer = new MutationObserver(() => {
      if (!has()) return;
      observer.disconnect();
      resolve(Date.now());
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  }))`);
  return { at: page.evaluate("window.haftSeen").then(Number) };
}

const statusBar: number[] = [];
for (let round = 0; round < rounds; round++) {
  const { at } = await watchFor('.statusbar-item[id="haft.haft.haft.runtime"]', "1 missing");
  const changed = Date.now();
  write("1.2.0");
  statusBar.push(await at - changed);
  write("1.0.0");
  await editor.status.filter({ hasNotText: "missing" }).waitFor();
}

const progress: number[] = [];
let begun = 0;
for (let round = 0; round < rounds; round++) {
  await editor.command("haft: Choose a Version");
  await editor.choice(/^esbuild/).click();
  const version = round % 2 === 0 ? /^1\.2\.0/ : /^1\.0\.0/;
  const { at } = await watchFor(".notification-toast", "haft: esbuild");
  await editor.chooseVersion("esbuild", version, () => begun = Date.now());
  progress.push(await at - begun);
  await editor.notification("haft: esbuild").waitFor({ state: "detached" });
}

console.log(machineLine());
print("status bar after a change of haft.toml", statusBar);
print("first progress after the pick", progress);
const daemon = await editor.daemonPid();
const [connections, withHaft] = [await connectionCount(), hostPids()];
// Another window, whose folder has nothing for haft: what an extension host costs anyway.
const empty = join(editor.sandbox.root, "empty");
mkdirSync(empty);
await editor.open(empty);
await editor.until(() => hostPids().length > withHaft.length);
const pids = { host: withHaft, bare: hostPids().filter((pid) => !withHaft.includes(pid)), daemon: [daemon] };
await untilAtRest();
const before = usage();
await delay(idleSeconds * 1_000);
const after = usage();
const used = (name: keyof typeof pids) => `${after[name] - before[name]} ms`;
console.log(
  `idle for ${idleSeconds} s: extension host ${used("host")}, of a window without haft ${used("bare")}, ` +
    `daemon ${used("daemon")}; ${connections} connection of the window`,
);

/** VS Code goes on for a while after a window has opened: both windows are compared when neither works. */
async function untilAtRest(): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const from = usage();
    await delay(LOOK_MS);
    const to = usage();
    if (to.bare - from.bare + to.host - from.host <= LOOK_MS * AT_REST) return;
  }
}

function usage(): Record<keyof typeof pids, number> {
  const sum = (list: readonly number[]) => list.reduce((total, pid) => total + ticksOf(pid), 0);
  return { host: sum(pids.host), bare: sum(pids.bare), daemon: sum(pids.daemon) };
}

/** Connections that windows have to the daemon. */
async function connectionCount(): Promise<number> {
  const { clients } = JSON.parse(await editor.haft("ipc-send", "client.list"));
  return clients.filter(({ name }: { name: string | null }) => name === "vscode").length;
}

function print(name: string, values: readonly number[]): void {
  const [first = NaN] = values.toSorted((a, b) => a - b);
  console.log(
    `${name}: median ${digits(median(values))} ms, best ${digits(first)} ms, ${values.length} rounds`,
  );
}

/** Milliseconds of the processor that a process has used. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1_000 / TICKS_PER_SECOND;
}

/** Extension hosts of the editor's windows, each with all its extensions. */
function hostPids(): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=extensionHost") &&
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(editor.sandbox.root);
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  }).map(Number);
}
