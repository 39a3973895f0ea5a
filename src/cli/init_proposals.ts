import type { Imported } from "../apps/import/imported.ts";
import { readTextFile } from "../base/read_text_file.ts";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { tryParseVersionRequest } from "../tools/versions/version_request.ts";

/** A tool that a file of the directory calls for. */
export interface ProposedTool {
  name: string;
  version: string;
  /** The file's name. */
  file: string;
}

/**
 * Files that only make sense with a tool. Version files, such as .nvmrc and package.json, are read anyway.
 */
const SIGNS: readonly (readonly [file: string, tool: string])[] = [
  ["deno.json", "deno"],
  ["deno.jsonc", "deno"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["bunfig.toml", "bun"],
  ["package.json", "node"],
  ["package-lock.json", "node"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["tsconfig.json", "typescript"],
  ["biome.json", "biome"],
  ["biome.jsonc", "biome"],
  ["dprint.json", "dprint"],
  ["eslint.config.js", "eslint"],
  [".prettierrc", "prettier"],
  ["turbo.json", "turbo"],
  ["go.mod", "go"],
  [".golangci.yml", "golangci-lint"],
  [".goreleaser.yaml", "goreleaser"],
  ["pyproject.toml", "uv"],
  ["pyproject.toml", "python"],
  ["uv.lock", "uv"],
  ["requirements.txt", "uv"],
  ["ruff.toml", "ruff"],
  ["build.zig", "zig"],
  ["CMakeLists.txt", "cmake"],
  ["buf.yaml", "buf"],
  ["Justfile", "just"],
  ["justfile", "just"],
  ["Taskfile.yml", "task"],
  [".terraform-version", "terraform"],
  ["hugo.toml", "hugo"],
  ["lefthook.yml", "lefthook"],
  ["Chart.yaml", "helm"],
  ["book.toml", "mdbook"],
  ["pom.xml", "java"],
  ["build.gradle", "java"],
  ["build.gradle.kts", "java"],
  ["poetry.lock", "poetry"],
  ["pdm.lock", "pdm"],
  ["mypy.ini", "mypy"],
  ["pyrightconfig.json", "pyright"],
  [".pre-commit-config.yaml", "pre-commit"],
  ["mkdocs.yml", "mkdocs"],
  [".terraform.lock.hcl", "terraform"],
  ["main.tf", "terraform"],
  ["kustomization.yaml", "kustomize"],
  [".sops.yaml", "sops"],
  ["sqlc.yaml", "sqlc"],
  [".air.toml", "air"],
  ["meson.build", "meson"],
  [".oxlintrc.json", "oxlint"],
  [".stylelintrc.json", "stylelint"],
  [".shellcheckrc", "shellcheck"],
  [".hadolint.yaml", "hadolint"],
  [".yamllint", "yamllint"],
  ["taplo.toml", "taplo"],
  [".taplo.toml", "taplo"],
  ["typos.toml", "typos"],
  ["_typos.toml", "typos"],
  ["cspell.json", "cspell"],
  [".markdownlint-cli2.jsonc", "markdownlint-cli2"],
  [".vale.ini", "vale"],
  ["lychee.toml", "lychee"],
];

/**
 * What the files of a directory call for, each tool once.
 *
 * @param known names that something else asks for already
 * @param ranges the versions that a file allows of a tool, as package.json's `engines`
 */
export function proposedTools(
  directory: string,
  { known, ranges }: { known: ReadonlySet<string>; ranges: ReadonlyMap<string, string> },
): ProposedTool[] {
  const proposed = new Map<string, ProposedTool>();
  for (const [file, name] of SIGNS) {
    if (known.has(name) || proposed.has(name) || !existsSync(join(directory, file))) continue;
    const named = versionIn(join(directory, file), name);
    // A pyproject.toml without a Python leaves the choice to uv.
    if (name === "python" && named === undefined) continue;
    const version = named ?? allowed(ranges.get(name)) ?? "latest";
    proposed.set(name, { name, version, file });
  }
  // A project that locks its packages by another program does without uv.
  if ((proposed.has("poetry") || proposed.has("pdm")) && !existsSync(join(directory, "uv.lock"))) {
    proposed.delete("uv");
  }
  // Another program that runs JavaScript takes node's place.
  if (known.has("bun") || known.has("deno") || proposed.has("bun") || proposed.has("deno")) {
    proposed.delete("node");
  }
  return [...proposed.values()];
}

/** The range, when haft knows such requests. */
function allowed(range: string | undefined): string | undefined {
  return range !== undefined && tryParseVersionRequest(range)?.kind === "range" ? range : undefined;
}

/**
 * The version that the file itself names: `toolchain go1.24.2` of a go.mod, or else `go 1.24`,
 * `requires-python` of a pyproject.toml, the only line of a .terraform-version.
 */
function versionIn(path: string, tool: string): string | undefined {
  switch (`${basename(path)} ${tool}`) {
    case "go.mod go": {
      const text = readTextFile(path);
      const toolchain = /^toolchain\s+go(\d+\.\d+(?:\.\d+)?)\s*$/m.exec(text)?.[1];
      return toolchain ?? /^go\s+(\d+\.\d+)/m.exec(text)?.[1];
    }
    case ".terraform-version terraform": {
      const version = readTextFile(path).trim();
      return tryParseVersionRequest(version) === undefined ? undefined : version;
    }
    case "pyproject.toml python": {
      const text = /^requires-python\s*=\s*["']([^"']+)["']/m.exec(readTextFile(path))?.[1];
      return text === undefined ? undefined : allowed(pythonRange(text));
    }
    default:
      return undefined;
  }
}

/** Python's ranges in haft's words: `~=3.11` is `^3.11`, `~=3.11.2` is `~3.11.2`, a comma is "and". */
function pythonRange(text: string): string {
  return text.split(",").map((part) =>
    part.trim().replace(/^~=\s*(\d+\.\d+\.\d+)$/, "~$1").replace(/^~=\s*/, "^").replace(/^==\s*/, "")
  ).join(" ");
}

/** Files that ask for what haft's catalogue does not have, and what provides it. */
const ELSEWHERE: readonly (readonly [file: string, tool: string, provider: string])[] = [
  ["rust-toolchain.toml", "rust", "rustup"],
  ["rust-toolchain", "rust", "rustup"],
  ["Cargo.toml", "rust", "rustup"],
  [".ruby-version", "ruby", "the system"],
  ["Gemfile", "ruby", "the system"],
  ["composer.json", "php", "the system"],
  ["mix.exs", "elixir", "the system"],
];

/** What a person should know that the new haft.toml leaves out, each tool once. */
export function leftElsewhere(directory: string): string[] {
  const told = new Set<string>();
  return ELSEWHERE.flatMap(([file, tool, provider]) => {
    if (told.has(tool) || !existsSync(join(directory, file))) return [];
    told.add(tool);
    return [`${file} calls for ${tool}, which haft's catalogue does not have: it stays with ${provider}`];
  });
}

/** The processes of a Procfile, as `haft app import` reads them; undefined where there is none. */
export async function proposedApps(directory: string): Promise<Imported | undefined> {
  const file = ["Procfile.dev", "Procfile"].find((name) => existsSync(join(directory, name)));
  if (file === undefined) return undefined;
  const { importProcfile } = await import("../apps/import/procfile.ts");
  return importProcfile(readTextFile(join(directory, file)), { directory });
}
