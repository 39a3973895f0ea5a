import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import process from "node:process";
import { parse } from "smol-toml";
import { consoleCommands, type Example, examplesOf, outputPattern } from "../support/doc_examples.ts";
import { DocWorld } from "./doc_world.ts";

/**
 * Every example of these pages runs here against the built haft, in a world that has what the example
 * assumes: its files and the programs that it starts. The blocks of one section share a world, in order.
 */
const PAGES = ["README.md", "docs/manifest.md", "docs/automation.md", "docs/migrating.md"];

/** Guides are read from the top, so that all blocks of one share a world. */
const GUIDES = ["tools", "apps", "tasks", "ipc", "python"].map((name) => `docs/guide-${name}.md`);

/** Output that a page shows apart from the command that made it. */
const ILLUSTRATION = "text";

/** The blocks that carry a mark `<!-- not run: WHY -->`. */
const NOT_RUN = 1;

const RUNNERS: Readonly<Record<string, (world: DocWorld, example: Example) => Promise<void>>> = {
  toml: runToml,
  console: runConsole,
  sh: runShell,
  python: runPython,
  ts: runTypeScript,
};

const examples = [...PAGES, ...GUIDES].flatMap(examplesOf).filter(({ language }) =>
  language !== ILLUSTRATION
);

Deno.test("every example of the pages is of a kind that a test runs, or says why it is not run", () => {
  const marked = examples.filter(({ notRun }) => notRun !== undefined);
  assertEquals(marked.length, NOT_RUN, marked.map(({ place, notRun }) => `${place}: ${notRun}`).join("\n"));
  assertEquals(examples.filter(({ language }) => RUNNERS[language] === undefined), []);
});

const sections = Map.groupBy(
  examples.filter(({ notRun }) => notRun === undefined),
  ({ place, section }) => {
    const [page = ""] = place.split(":");
    return GUIDES.includes(page) ? page : `${page}, ${section}`;
  },
);
for (const [name, inSection] of sections) {
  Deno.test(`${name}: the examples do what the page says`, async (t) => {
    await using world = await DocWorld.create(inSection);
    for (const example of inSection) {
      await t.step(`${example.place} (${example.language})`, async () => {
        await RUNNERS[example.language]?.(world, example);
      });
    }
  });
}

/**
 * A manifest's tools are listed, its apps start, its tasks run and its backends answer; settings start a
 * daemon.
 */
async function runToml(world: DocWorld, { text, section }: Example): Promise<void> {
  const adapted = world.adapt(text);
  const table = parse(adapted) as Record<string, Record<string, unknown>>;
  if ("daemon" in table) return await startWith(world, adapted);
  world.sandbox.manifest(adapted);
  await world.must("haft trust");
  const wanted = Object.keys(table["tools"] ?? {});
  if (wanted.length > 0) {
    const listed = JSON.parse(await world.must("haft ls --json")) as { name?: string; tool?: string }[];
    assertEquals(listed.map(({ name, tool }) => name ?? tool).sort(), wanted.sort(), section);
  }
  if ("apps" in table) {
    await world.must("haft app start");
    await world.must("haft app stop");
  }
  for (const name of Object.keys(table["backends"] ?? {})) {
    await world.must(`haft ipc-send backend.call backend=${name} cwd=$PWD method=greet data.name=you`);
  }
  for (const [name, task] of Object.entries(table["tasks"] ?? {})) {
    if (typeof task === "object" && task !== null && "backend" in task) {
      world.sandbox.manifest(`${adapted}\n[backends.${task.backend}]\ncommand = ["python3", "agent.py"]\n`);
      await world.must("haft trust");
    }
    await world.must(`haft task run ${name}`);
  }
}

/** The daemon takes the settings, and listens where they say. */
async function startWith(world: DocWorld, text: string): Promise<void> {
  world.userConfig(text);
  await world.must("haft daemon stop; haft daemon start");
  const { daemon: { listen = {} } } = parse(text) as {
    daemon: { listen?: Record<string, string | string[]> };
  };
  const paths = Object.values(listen).flat();
  assert(paths.length > 0);
  assertEquals(paths.filter((path) => !existsSync(path)), []);
  await world.must("haft daemon stop");
}

async function runConsole(world: DocWorld, { text }: Example): Promise<void> {
  for (const { line, output } of consoleCommands(text)) {
    const until = output.filter((expected) => !expected.startsWith("^C")).map(outputPattern);
    const printed = await world.run(line, { until });
    for (const pattern of until) assertMatch(printed, pattern);
  }
}

async function runShell(world: DocWorld, { text }: Example): Promise<void> {
  // A subscription without a limit has shown what it does with the first event.
  const until = text.includes("--subscribe") ? [/"event":/] : undefined;
  await world.run(text, { until });
}

async function runPython(world: DocWorld, { text }: Example): Promise<void> {
  world.file("example.py", text);
  const printed = await world.must("python3 example.py");
  const shown = [...text.matchAll(/^# → (.+)$/gm)].map(([, line = ""]) => line);
  for (const line of shown.length > 0 ? shown : ["completed 0"]) assertStringIncludes(printed, line);
}

async function runTypeScript(world: DocWorld, { text }: Example): Promise<void> {
  const file = world.module(text);
  const printed = await world.must(`'${process.execPath}' run -A --quiet '${file}'`);
  assertMatch(printed, /task\.completed/);
}
