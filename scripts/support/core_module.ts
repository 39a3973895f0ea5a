import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A bundler that splits modules by who imports them makes dozens of small ones of what every start needs.
 * This joins them into one, `core.js`: these, and what they import. What only some commands need does not
 * belong here: a start takes longer for code that it loads than for modules. `main.js` has what it imports in
 * itself, as has each of the shortest ways that it loads before the core (`src/cli/exec_at_once.ts` and
 * others).
 */
export const QUICK: readonly string[] = ["src/cli/start.ts", "src/runtime/bun.ts"];

const STATIC = /^(?:import|export)\b[^;]*?\bfrom "\.\/([\w.-]+\.js)";$|^import "\.\/([\w.-]+\.js)";$/gm;
const DYNAMIC = /\bimport\("\.\/([\w.-]+\.js)"\)/g;
/** Stands before the name of a module that stays apart while the others are joined. */
const APART = "haft-apart:";

/**
 * Joins the modules of a directory that a bundler has split.
 *
 * @param bundle makes one file of a module and all that it imports; `external` begins with {@link APART}
 */
export async function joinCore(
  directory: string,
  bundle: (options: { entry: string; output: string; external: string }) => Promise<void>,
): Promise<void> {
  const texts = new Map(
    readdirSync(directory).filter((name) => name.endsWith(".js"))
      .map((name) => [name, readFileSync(join(directory, name), "utf8")]),
  );
  const core = closure(QUICK.map((source) => moduleOf(source, texts)), texts);
  // A module that only hands on what others have needs no file either.
  for (const [name, text] of texts) {
    const imports = importsOf(text);
    if (imports.length > 0 && imports.every((other) => core.has(other)) && isEmpty(text)) core.add(name);
  }
  const parts = join(directory, "core-parts");
  mkdirSync(parts);
  const names = [...core];
  const shortest = lazyImportsOf(texts.get("main.js") ?? "").filter((name) => !core.has(name));
  const alone = new Map<string, string>();
  for (const entry of ["main.js", ...shortest]) {
    alone.set(entry, await joinAlone(entry, { directory, texts, names, bundle }));
  }
  const entry = names.map((name, at) => {
    writeFileSync(join(parts, name), withoutLazy(texts.get(name) ?? "", core));
    const exported = exportsOf(texts.get(name) ?? "");
    return `export { ${exported.map((one) => `${one} as m${at}_${one}`).join(", ")} } from "./${name}";`;
  });
  writeFileSync(join(parts, "core.js"), entry.join("\n"));
  const joined = join(directory, "core-joined.js");
  await bundle({ entry: join(parts, "core.js"), output: joined, external: `${APART}*` });
  const text = readFileSync(joined, "utf8").replaceAll(APART, "./");
  writeFileSync(join(directory, "core.js"), withoutCreateRequire(text));
  rmSync(joined);
  rmSync(parts, { recursive: true });
  for (const [name, text] of alone) {
    writeFileSync(join(directory, name), withGlobalProcess(withoutCreateRequire(text)));
  }
  for (const [name, text] of texts) {
    if (alone.has(name)) continue;
    // What loads a module of the core lazily asks for its file.
    const at = names.indexOf(name);
    const list = exportsOf(text).map((one) => `m${at}_${one} as ${one}`).join(", ");
    const left = at === -1 ? direct(text, names) : `export { ${list} } from "./core.js";\n`;
    writeFileSync(join(directory, name), left);
  }
}

/** A module with copies of the few that it imports; what it loads later comes from the core. */
async function joinAlone(
  entry: string,
  { directory, texts, names, bundle }: {
    directory: string;
    texts: ReadonlyMap<string, string>;
    names: readonly string[];
    bundle: (options: { entry: string; output: string; external: string }) => Promise<void>;
  },
): Promise<string> {
  const parts = join(directory, "alone-parts");
  const output = join(directory, "alone-joined.js");
  mkdirSync(parts);
  for (const name of closure([entry], texts)) {
    const text = (texts.get(name) ?? "").replaceAll(DYNAMIC, (_, lazy: string) => {
      const at = names.indexOf(lazy);
      if (at === -1) return `import("${APART}${lazy}")`;
      const list = exportsOf(texts.get(lazy) ?? "").map((one) => `${one}: core.m${at}_${one}`);
      return `import("${APART}core.js").then((core) => ({ ${list.join(", ")} }))`;
    });
    writeFileSync(join(parts, name), text);
  }
  await bundle({ entry: join(parts, entry), output, external: `${APART}*` });
  const joined = readFileSync(output, "utf8").replaceAll(APART, "./");
  rmSync(output);
  rmSync(parts, { recursive: true });
  return joined;
}

/** The text with its imports of the core's modules from the core itself: each file between costs a start. */
function direct(text: string, core: readonly string[]): string {
  return text.replaceAll(STATIC, (statement, from?: string, alone?: string) => {
    const at = core.indexOf(from ?? alone ?? "");
    if (at === -1) return statement;
    if (alone !== undefined) return 'import "./core.js";';
    const [, keyword = "", names = ""] = /^(\w+) \{([^}]*)\}/.exec(statement) ?? [];
    const list = names.split(",").map((one) => one.trim()).filter((one) => one !== "").map((one) => {
      const [theirs = "", ours = theirs] = one.split(" as ");
      return `m${at}_${theirs} as ${ours}`;
    });
    return `${keyword} { ${list.join(", ")} } from "./core.js";`;
  });
}

const CREATE_REQUIRE =
  /^import \{ createRequire as (\w+) \} from "(?:node:)?module";\n([^]*?)^var __require = \1\(import\.meta\.url\);$/m;

/**
 * The bundler gives CommonJS libraries a `require` by `node:module`, which alone costs every start 1.4 ms.
 * They require nothing but the runtime's own modules.
 */
function withoutCreateRequire(text: string): string {
  const without = text.replace(
    CREATE_REQUIRE,
    (_, _name, between: string) =>
      `${between}var __require = (name) => globalThis.process.getBuiltinModule(name);`,
  );
  if (without === text) throw new Error("The bundle's core has no createRequire any more: this can go");
  return without;
}

/** Importing `node:process` takes longer than the same object of the global scope. */
function withGlobalProcess(text: string): string {
  return text.replaceAll(/^import (\w+) from "(?:node:)?process";$/gm, "var $1 = globalThis.process;");
}

function importsOf(text: string): string[] {
  return [...text.matchAll(STATIC)].map(([, from, alone]) => from ?? alone ?? "");
}

function lazyImportsOf(text: string): string[] {
  return [...text.matchAll(DYNAMIC)].map(([, name = ""]) => name);
}

function closure(names: readonly string[], texts: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    importsOf(texts.get(name) ?? "").forEach(visit);
  };
  names.forEach(visit);
  return found;
}

/** The module that holds a source's code; the bundler notes where code comes from. */
function moduleOf(source: string, texts: ReadonlyMap<string, string>): string {
  for (const [name, text] of texts) {
    if (text.includes(`\n// ${source}\n`)) return name;
  }
  throw new Error(`No module of the bundle has the code of ${source}`);
}

/** Loads what is in the core with it, not later. */
function withoutLazy(text: string, core: ReadonlySet<string>): string {
  const lazy = new Set<string>();
  const body = text.replaceAll(DYNAMIC, (_, name: string) => {
    if (!core.has(name)) return `import("${APART}${name}")`;
    lazy.add(name);
    return `Promise.resolve(${namespaceOf(name)})`;
  });
  const imports = [...lazy].map((name) => `import * as ${namespaceOf(name)} from "./${name}";\n`);
  return `${imports.join("")}${body}`;
}

function namespaceOf(name: string): string {
  return `lazy_${name.replaceAll(/\W/g, "_")}`;
}

function exportsOf(text: string): string[] {
  return [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    list.split(",").map((one) => one.trim().split(" as ").at(-1) ?? "").filter((one) => one !== "")
  );
}

function isEmpty(text: string): boolean {
  const left = text.replaceAll(/^(?:import|export)\b[^;]*;$/gm, "").replaceAll(/^\s*\/\/.*$/gm, "");
  return left.trim() === "";
}
