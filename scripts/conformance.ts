import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { markdownTable } from "./support/markdown_table.ts";
import { projectRoot } from "./support/project.ts";

/**
 * Writes docs/conformance.md from tests/documents: a row for each promise of a document, with its test, and a
 * row with its reason for each that does not hold (differences.json). `deno task docs` runs it, and
 * the gate compares.
 */
export const CONFORMANCE: string = join(projectRoot, "docs", "conformance.md");

const tests = join(projectRoot, "tests", "documents");

const DOCUMENTS = {
  auroraview: { title: "AuroraView, RFC 0011", tests: ["auroraview_test.ts", "auroraview_python_test.ts"] },
  bunctl: { title: "bunctl-ipc", tests: ["bunctl_test.ts"] },
  packages_ipc: { title: "packages/ipc", tests: ["packages_ipc_test.ts"] },
  vx: { title: "vx, RFC 0034", tests: [] },
} as const;

const PREFIXES: Readonly<Record<string, keyof typeof DOCUMENTS>> = {
  auroraview: "auroraview",
  ipckit: "auroraview",
  codex: "packages_ipc",
  "codex-lines": "packages_ipc",
  vx: "vx",
};

interface Row {
  document: string;
  promise: string;
  held: string;
}

const HEAD = `# Conformance

What the four documents promise, and what holds it. \`deno task docs\` makes this page from \`tests/documents/\`:
each test there is a promise in the document's words, tried against the built binary by a client that was
written from the document alone (TypeScript, Python, Rust).
`;

export function conformance(): string {
  const rows = [...held(), ...differences()];
  const sections = Object.entries(DOCUMENTS).map(([document, { title }]) => {
    const own = rows.filter((row) => row.document === document);
    const table = markdownTable([
      ["promise", "held by"],
      ...own.map(({ promise, held }) => [cell(promise), cell(held)]),
    ]);
    return `## ${title}\n\n${table}\n`;
  });
  return [HEAD, ...sections].join("\n");
}

function held(): Row[] {
  return readdirSync(tests).filter((name) => name.endsWith("_test.ts")).sort().flatMap((file) => [
    ...testNames(readFileSync(join(tests, file), "utf8")).map((name) => ({
      document: documentOf(name, file),
      promise: name.replace(/^[a-z-]+: /, ""),
      held: `\`${file}\``,
    })),
    ...(file === "auroraview_python_test.ts" ? pythonPromises() : []),
  ]);
}

function testNames(text: string): string[] {
  return [...text.matchAll(/(?:Deno\.test\(\s*|^ {2}name:\s+)"([^"]+)"/gm)].flatMap(([, name]) => name ?? []);
}

function pythonPromises(): Row[] {
  const file = "clients/auroraview_promises.py";
  return [...readFileSync(join(tests, file), "utf8").matchAll(/^ {4}def test_(\w+)\(/gm)].map((
    [, name = ""],
  ) => ({
    document: "auroraview",
    promise: `Python: ${name.replaceAll("_", " ")}`,
    held: `\`${file}\``,
  }));
}

function documentOf(name: string, file: string): string {
  const prefix = PREFIXES[/^([a-z-]+): /.exec(name)?.[1] ?? ""];
  if (prefix !== undefined) return prefix;
  const found = Object.entries(DOCUMENTS).find(([, { tests }]) => tests.some((one) => one === file));
  if (found === undefined) {
    throw new Error(`The test "${name}" of ${file} does not say which document it is about`);
  }
  return found[0];
}

function differences(): Row[] {
  const known: { document: string; promise: string; why: string }[] = JSON.parse(
    readFileSync(join(tests, "differences.json"), "utf8"),
  );
  return known.map(({ document, promise, why }) => ({ document, promise, held: `**differs**: ${why}` }));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) {
  const before = readFileSync(CONFORMANCE, "utf8");
  const after = conformance();
  if (process.argv.includes("--check")) {
    if (before !== after) console.error('docs/conformance.md is out of date: run "deno task docs"');
    process.exitCode = before === after ? 0 : 1;
  } else {
    writeFileSync(CONFORMANCE, after);
    console.log(before === after ? "docs/conformance.md is up to date" : "docs/conformance.md written");
  }
}
