/**
 * Writes site/demo.cast (asciicast 2) of the session in demo.ts: a real terminal, the real dist/haft, the
 * real registry. What is typed comes at an even pace, pauses are cut, and the directory of the recording is
 * shown as /home/you.
 */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { projectRoot } from "../support/project.ts";
import { DEMO, DEMO_COLUMNS, DEMO_FILES, DEMO_ROWS, type DemoStep } from "./demo.ts";

export const CAST_FILE: string = join(projectRoot, "site", "demo.cast");

const KEY_SECONDS = 0.035;
const LONGEST_PAUSE = 0.9;
const PAUSE_AFTER_STEP = 1.2;
const PAUSE_BEFORE_KEYS = 3;
const LIMIT_MS = 120_000;
const PROMPT = "$ ";
/** Output that comes within this time is one event, so that no path is cut in two. */
const GATHER_MS = 12;

type CastEvent = [seconds: number, kind: "o", text: string];

/** A shell in a terminal of its own, and when it wrote what. */
class Recording {
  readonly #child: ReturnType<typeof spawn>;
  readonly #written: { at: number; text: string }[] = [];

  constructor(home: string) {
    const project = join(home, "shop");
    const size = `stty cols ${DEMO_COLUMNS} rows ${DEMO_ROWS}`;
    const command = `${size}; exec bash --noprofile --norc -i`;
    this.#child = spawn("script", ["--quiet", "--return", "--flush", "--command", command, "/dev/null"], {
      cwd: project,
      env: {
        HOME: home,
        INPUTRC: join(home, ".inputrc"),
        LANG: "C.UTF-8",
        PATH: `${join(home, "bin")}:/usr/bin:/bin`,
        PS1: PROMPT,
        TERM: "xterm-256color",
        XDG_RUNTIME_DIR: join(home, "run"),
        ...proxies(),
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#written.push({ at: performance.now() / 1000, text });
    });
  }

  get text(): string {
    return this.#written.map(({ text }) => text).join("");
  }

  /** @returns what was written since `from`, in events that begin at 0 */
  eventsSince(from: number): CastEvent[] {
    const events: CastEvent[] = [];
    let seen = 0;
    for (const { at, text: whole } of this.#written) {
      const text = whole.slice(Math.max(0, from - seen));
      seen += whole.length;
      if (text === "") continue;
      const last = events.at(-1);
      if (last !== undefined && at - last[0] < GATHER_MS / 1000) {
        last[2] += text;
      } else events.push([at, "o", text]);
    }
    return events;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  async wait(condition: (text: string) => boolean): Promise<void> {
    const end = Date.now() + LIMIT_MS;
    while (!condition(this.text)) {
      if (Date.now() > end) throw new Error(`The terminal shows\n${this.text}`);
      await delay(20);
    }
    await delay(200);
  }

  end(): void {
    this.#child.stdin?.end("exit\n");
  }
}

/** One command: its letters at an even pace, then what it wrote, with pauses cut. */
async function recordStep(recording: Recording, { line, until, keys }: DemoStep): Promise<CastEvent[]> {
  const typed = [...line].map((letter): CastEvent => [KEY_SECONDS, "o", letter]);
  const from = recording.text.length + line.length;
  const promptsBefore = prompts(recording.text);
  recording.type(`${line}\n`);
  if (until !== undefined) {
    await recording.wait((text) => text.includes(until, from));
    await delay(PAUSE_BEFORE_KEYS * 1_000);
    recording.type(keys ?? "");
  }
  await recording.wait((text) => prompts(text) > promptsBefore && text.endsWith(PROMPT));
  const events = recording.eventsSince(from);
  const gaps = events.map(([at, , text], index): CastEvent => {
    const gap = index === 0 ? 0.3 : at - (events[index - 1]?.[0] ?? at);
    return [Math.min(gap, LONGEST_PAUSE), "o", text];
  });
  return [...typed, ...gaps, [PAUSE_AFTER_STEP, "o", ""]];
}

/** How often the shell has asked for a line. */
function prompts(text: string): number {
  return text.split(`\n${PROMPT}`).length;
}

/** The cast's text: a line for the head, one for each event. */
async function record(home: string): Promise<string> {
  const recording = new Recording(home);
  try {
    await recording.wait((text) => text.endsWith(PROMPT));
    const events: CastEvent[] = [[0.5, "o", PROMPT]];
    for (const step of DEMO) events.push(...await recordStep(recording, step));
    let seconds = 0;
    const lines = events.map(([gap, kind, text]) => {
      seconds += gap;
      return JSON.stringify([Number(seconds.toFixed(3)), kind, text.replaceAll(home, "/home/you")]);
    });
    const head = { version: 2, width: DEMO_COLUMNS, height: DEMO_ROWS, title: "haft in a new project" };
    return `${[JSON.stringify(head), ...lines].join("\n")}\n`;
  } finally {
    recording.type("haft app stop; haft daemon stop\n");
    recording.end();
    await delay(3_000);
  }
}

/** How this machine reaches the registry. */
function proxies(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(https?|no)_proxy$|^npm_config_registry$|^SSL_CERT_FILE$|^NODE_EXTRA_CA_CERTS$/i
      .test(name)
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? ""]));
}

if (import.meta.main) {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "haft-cast-")));
  try {
    for (const name of ["bin", "run", "shop"]) mkdirSync(join(home, name));
    chmodSync(join(home, "run"), 0o700);
    symlinkSync(join(projectRoot, "dist", "haft"), join(home, "bin", "haft"));
    writeFileSync(join(home, ".inputrc"), "set enable-bracketed-paste off\n");
    for (const [name, text] of Object.entries(DEMO_FILES)) {
      writeFileSync(join(home, "shop", name), text);
    }
    const cast = await record(home);
    for (const secret of [home, hostname(), projectRoot]) {
      if (cast.includes(secret)) {
        throw new Error(`The recording names "${secret}"`);
      }
    }
    writeFileSync(CAST_FILE, cast);
    console.log(`${CAST_FILE}: ${cast.split("\n").length} lines, ${cast.length} bytes`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
